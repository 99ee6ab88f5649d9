import { QueryClient, type QueryKey } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { changed, keys } from './keys'

/** Which of the keys a change makes stale. */
async function stale(
  change: (queries: QueryClient) => Promise<void>,
  all: Record<string, QueryKey>,
): Promise<string[]> {
  const queries = new QueryClient()
  for (const key of Object.values(all)) queries.setQueryData(key, 1)
  await change(queries)
  return Object.keys(all).filter((name) => queries.getQueryState(all[name] ?? [])?.isInvalidated)
}

test('an order changes its customer and the lists, not another customer', async () => {
  const all = {
    list: [...keys.orders, { status: 'placed' }],
    one: keys.order(3),
    customer: keys.customer(5),
    segment: keys.customerSegment(5),
    other: keys.customer(6),
    customers: [...keys.customers, {}],
    products: keys.productsOf(true),
  }
  expect(await stale((queries) => changed.order(queries, 5), all)).toEqual([
    'list',
    'one',
    'customer',
    'segment',
    'customers',
  ])
})

test('several assigned customers change every customer page', async () => {
  const all = { one: keys.customer(5), other: keys.customer(6), found: keys.search('017') }
  expect(await stale((queries) => changed.customer(queries), all)).toEqual([
    'one',
    'other',
    'found',
  ])
})

test('a plan changes queues, plan, dashboard and messages', async () => {
  const all = {
    queue: keys.today,
    plan: keys.planOf('2026-11-29'),
    settings: keys.planSettings,
    dashboard: keys.dashboardIn('bn'),
    messages: keys.messagesOf(undefined),
  }
  expect(await stale((queries) => changed.plan(queries), all)).toEqual([
    'queue',
    'plan',
    'dashboard',
    'messages',
  ])
})
