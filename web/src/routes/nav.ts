import type { Role } from '~/api/types'

/**
 * The main menu by group, and the page a role starts on. A new page: its route in router.tsx, its line
 * here, its label in i18n common.nav, its icon in NavIcon.tsx.
 */
const MANAGERS: Role[] = ['admin', 'sales_manager']

const LEADERS: Role[] = [...MANAGERS, 'team_leader']

const ALL: Role[] = [...LEADERS, 'agent', 'support', 'delivery_coordinator']

export const NAV = [
  {
    group: 'work',
    entries: [
      { to: '/desk', label: 'desk', roles: ['agent'] },
      { to: '/followups', label: 'followups', roles: ['agent'] },
      { to: '/floor', label: 'floor', roles: LEADERS },
      { to: '/plan', label: 'plan', roles: LEADERS },
      { to: '/promises', label: 'promises', roles: LEADERS },
      { to: '/calls', label: 'calls', roles: [...LEADERS, 'agent', 'support'] },
    ],
  },
  {
    group: 'customers',
    entries: [
      { to: '/customers', label: 'customers', roles: ALL },
      { to: '/orders', label: 'orders', roles: ALL },
      { to: '/products', label: 'products', roles: ALL },
    ],
  },
  { group: 'growth', entries: [{ to: '/messages', label: 'messages', roles: LEADERS }] },
  { group: 'team', entries: [{ to: '/teams', label: 'teams', roles: LEADERS }] },
  { group: 'insight', entries: [] },
  {
    group: 'settings',
    entries: [
      { to: '/imports', label: 'imports', roles: LEADERS },
      { to: '/users', label: 'users', roles: MANAGERS },
    ],
  },
] as const satisfies {
  group: string
  entries: readonly { to: string; label: string; roles: readonly Role[] }[]
}[]

export type NavGroup = (typeof NAV)[number]
export type NavEntry = NavGroup['entries'][number]

export { ALL, LEADERS, MANAGERS }

/** The groups that have entries for the role. */
export function navFor(role: Role): { group: NavGroup['group']; entries: NavEntry[] }[] {
  return NAV.map(({ group, entries }) => ({
    group,
    entries: entries.filter((entry: NavEntry) => (entry.roles as readonly Role[]).includes(role)),
  })).filter(({ entries }) => entries.length > 0)
}

/** The page a role starts its day on. */
export function homeOf(role: Role) {
  if (role === 'agent') return '/desk'
  return LEADERS.includes(role) ? '/floor' : '/customers'
}
