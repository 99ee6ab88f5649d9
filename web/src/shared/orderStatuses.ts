import type { OrderStatus } from '~/api/types'

/** The statuses of an order in the order of its way. */
export const ORDER_STATUSES = [
  'placed',
  'confirmed',
  'shipped',
  'delivered',
  'cancelled',
  'returned',
] as const satisfies readonly OrderStatus[]
