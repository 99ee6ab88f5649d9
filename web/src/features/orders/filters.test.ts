import { expect, test } from 'vitest'
import { ORDER_STATUSES } from '~/shared/orderStatuses'
import { counts, orderFiltersFrom } from './filters'

test('an address becomes a filter, nonsense is left out', () => {
  expect(
    orderFiltersFrom({ q: ' 1042 ', status: 'shipped', from: '2026-11-01', to: '2026-99-99' }),
  ).toEqual({ q: '1042', status: 'shipped', from: '2026-11-01' })
  expect(orderFiltersFrom({ status: 'lost', q: '' })).toEqual({})
})

test('cancelled and returned orders do not count', () => {
  expect(ORDER_STATUSES.filter((status) => !counts(status))).toEqual(['cancelled', 'returned'])
})
