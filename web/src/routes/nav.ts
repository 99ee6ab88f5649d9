import type { Role } from '~/api/types'

/**
 * The main menu, in order. A role starts its day on the first entry it may see, so the order is that of
 * the work. A new page: its route in router.tsx, its line here, its label in i18n common.nav.
 */
const ALL: Role[] = [
  'admin',
  'sales_manager',
  'team_leader',
  'agent',
  'support',
  'delivery_coordinator',
]
const MANAGERS: Role[] = ['admin', 'sales_manager']

const LEADERS: Role[] = [...MANAGERS, 'team_leader']

export const NAV = [
  { to: '/desk', label: 'desk', roles: ['agent'] },
  { to: '/followups', label: 'followups', roles: ['agent'] },
  { to: '/floor', label: 'floor', roles: LEADERS },
  { to: '/plan', label: 'plan', roles: LEADERS },
  { to: '/promises', label: 'promises', roles: LEADERS },
  { to: '/messages', label: 'messages', roles: LEADERS },
  { to: '/customers', label: 'customers', roles: ALL },
  { to: '/orders', label: 'orders', roles: ALL },
  { to: '/calls', label: 'calls', roles: [...LEADERS, 'agent', 'support'] },
  { to: '/products', label: 'products', roles: ALL },
  { to: '/imports', label: 'imports', roles: LEADERS },
  { to: '/teams', label: 'teams', roles: LEADERS },
  { to: '/users', label: 'users', roles: MANAGERS },
] as const satisfies {
  to: string
  label: string
  roles: Role[]
}[]

export { ALL, LEADERS, MANAGERS }

export function navFor(role: Role) {
  return NAV.filter((entry) => (entry.roles as readonly Role[]).includes(role))
}

/** Where a role starts its day. */
export function homeOf(role: Role) {
  return navFor(role)[0]?.to ?? '/account'
}
