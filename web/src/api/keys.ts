import type { QueryClient, QueryKey } from '@tanstack/react-query'
import type { Language, Role } from './types'

/**
 * The key of every query, and what is fetched again after a change. The first part of a key is the thing
 * (`users`, `tasks`, `customer`…), so that a change can invalidate all queries about it at once.
 */
export const keys = {
  users: ['users'],
  usersOf: (role: Role | undefined) => ['users', { role }],
  directory: ['users', 'directory'],
  teams: ['teams'],
  products: ['products'],
  productsOf: (active: boolean | undefined) => ['products', { active }],
  categories: ['categories'],
  districts: ['districts'],
  profiles: ['consumption-profiles'],
  profilePreview: (id: number, changes: string) => ['profile-preview', id, changes],
  reorderQuality: ['reorder-quality'],
  search: (q: string) => ['search', q],
  searches: ['search'],
  /** All that is known of one customer; without an id, of every customer. */
  customer: (id?: number) => (id === undefined ? ['customer'] : ['customer', id]),
  customerSegment: (id: number) => ['customer', id, 'segment'],
  /** Lists of customers. */
  customers: ['customers'],
  segments: ['segments'],
  orders: ['orders'],
  order: (id: number) => ['orders', 'one', id],
  customer360: (id: number) => ['customer', id, '360'],
  calls: ['calls'],
  call: (id: number) => ['call', id],
  webhooks: ['webhook-deliveries'],
  webhookClock: ['webhook-clock'],
  colleagues: ['colleagues'],
  tasks: ['tasks'],
  today: ['tasks', 'today'],
  tasksOf: (agentId: number) => ['tasks', 'of', agentId],
  followUps: ['tasks', 'followups'],
  desk: ['desk'],
  script: (taskId: number, language: Language) => ['script', taskId, language],
  promises: ['promises'],
  promisesOf: (days: number) => ['promises', days],
  plan: ['plan'],
  planOf: (date: string | undefined) => ['plan', { date }],
  planPreview: (quotas: string) => ['plan', 'preview', quotas],
  planSettings: ['plan-settings'],
  planUplift: ['plan-uplift'],
  imports: ['imports'],
  import: (id: number) => ['imports', id],
  importErrors: (id: number) => ['import-errors', id],
  messages: ['messages'],
  messagesOf: (date: string | undefined) => ['messages', { date }],
  dashboard: ['dashboard'],
  dashboardIn: (language: Language) => ['dashboard', language],
} as const satisfies Record<string, QueryKey | ((...of: never[]) => QueryKey)>

async function refetch(queries: QueryClient, ...stale: QueryKey[]): Promise<void> {
  await Promise.all(stale.map((queryKey) => queries.invalidateQueries({ queryKey })))
}

/**
 * What a change makes stale, by what was changed. Resolves when the queries on screen are fetched again: return
 * it from `onSuccess`, and the button stays busy until the page shows the change.
 */
export const changed = {
  user: (queries: QueryClient) => refetch(queries, keys.users, keys.teams, keys.dashboard),
  team: (queries: QueryClient) => refetch(queries, keys.users, keys.teams, keys.dashboard),
  product: (queries: QueryClient) => refetch(queries, keys.products),
  /** Reminder dates of every customer follow. */
  profile: (queries: QueryClient) => refetch(queries, keys.profiles, keys.customer()),
  /** What was learned from the orders; the answer itself is set by the caller. */
  reorder: (queries: QueryClient) => refetch(queries, keys.customer()),
  /** Profile, pins, do-not-call, assignment. Without an id: several customers. */
  customer: (queries: QueryClient, id?: number) =>
    refetch(queries, keys.customer(id), keys.customers, keys.searches),
  /** A note or a stock figure: lists of customers do not show it. */
  customerDetail: (queries: QueryClient, id: number) => refetch(queries, keys.customer(id)),
  segment: (queries: QueryClient) => refetch(queries, keys.segments),
  order: (queries: QueryClient, customerId: number) =>
    refetch(queries, keys.orders, keys.customer(customerId), keys.customers, keys.searches),
  call: (queries: QueryClient) => refetch(queries, keys.calls),
  webhook: (queries: QueryClient) => refetch(queries, keys.webhooks, keys.calls),
  /** A planned call of a customer. */
  task: (queries: QueryClient, customerId: number | null | undefined) =>
    refetch(
      queries,
      keys.tasks,
      keys.promises,
      keys.dashboard,
      ...(customerId == null ? [] : [keys.customer(customerId)]),
    ),
  /** The agent's day: status, wrap-ups, figures. */
  desk: (queries: QueryClient) => refetch(queries, keys.desk),
  /** The agent's queue, and the day with it. */
  queue: (queries: QueryClient) => refetch(queries, keys.tasks, keys.desk),
  /** Only the order and content of today's queue. */
  today: (queries: QueryClient) => refetch(queries, keys.today),
  followUps: (queries: QueryClient) => refetch(queries, keys.followUps),
  dashboard: (queries: QueryClient) => refetch(queries, keys.dashboard),
  /** An import has ended: its errors, and what it wrote unless it was a check. */
  import: (queries: QueryClient, job: { id: number; dryRun: boolean }) =>
    refetch(
      queries,
      keys.importErrors(job.id),
      ...(job.dryRun
        ? []
        : [keys.customers, keys.customer(), keys.orders, keys.products, keys.categories]),
    ),
  /** The day's plan was made or undone. */
  plan: (queries: QueryClient) =>
    refetch(queries, keys.plan, keys.tasks, keys.dashboard, keys.messages),
  messages: (queries: QueryClient) => refetch(queries, keys.messages),
}
