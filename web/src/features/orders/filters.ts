import type { OrderStatus } from '~/api/types'
import { ORDER_STATUSES } from '~/shared/orderStatuses'
import type { Tone } from '~/ui'

export const STATUS_TONE: Record<OrderStatus, Tone> = {
  placed: 'wait',
  confirmed: 'accent',
  shipped: 'accent',
  delivered: 'ok',
  cancelled: 'bad',
  returned: 'bad',
}

/** Cancelled and returned orders do not count for the customer's figures. */
export function counts(status: OrderStatus): boolean {
  return status !== 'cancelled' && status !== 'returned'
}

/** The filters of the order list, kept in the address. */
export interface OrderFilters {
  q?: string | undefined
  status?: OrderStatus | undefined
  from?: string | undefined
  to?: string | undefined
  /** By day; without it the latest first. */
  sort?: 'oldest' | undefined
}

export function orderFiltersFrom(raw: Record<string, unknown>): OrderFilters {
  const found: OrderFilters = {}
  const q = String(raw.q ?? '').trim()
  if (q) found.q = q.slice(0, 100)
  const status = ORDER_STATUSES.find((known) => known === raw.status)
  if (status) found.status = status
  for (const edge of ['from', 'to'] as const) {
    const day = String(raw[edge] ?? '')
    if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day))) found[edge] = day
  }
  if (raw.sort === 'oldest') found.sort = 'oldest'
  return found
}
