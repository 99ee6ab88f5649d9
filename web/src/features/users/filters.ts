import type { Role } from '~/api/types'
import { type Sorting, sortingFrom } from '~/shared/list/columns'

export const ROLES: Role[] = [
  'admin',
  'sales_manager',
  'team_leader',
  'agent',
  'support',
  'delivery_coordinator',
]
export const SORTED = ['name', 'login', 'role', 'team', 'extension', 'capacity', 'status'] as const

/** The filters of the user list, kept in the address. */
export interface UserFilters {
  q?: string | undefined
  role?: Role | undefined
  /** A column, "-" before it for the other direction. */
  sort?: string | undefined
}

export function userFiltersFrom(raw: Record<string, unknown>): UserFilters {
  const found: UserFilters = {}
  const q = String(raw.q ?? '').trim()
  if (q) found.q = q.slice(0, 100)
  const role = ROLES.find((known) => known === raw.role)
  if (role) found.role = role
  if (sortingFrom(raw.sort, SORTED)) found.sort = String(raw.sort)
  return found
}

export const userSorting = (filters: UserFilters): Sorting | undefined =>
  sortingFrom(filters.sort, SORTED)
