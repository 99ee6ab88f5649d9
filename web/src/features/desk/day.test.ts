import { expect, test } from 'vitest'
import type { Task } from '~/api/types'
import { productToPush, promisesByHour } from './day'

const task = (part: Partial<Task>) =>
  ({ status: 'pending', promised: true, recommendedProducts: [], ...part }) as Task

test('promises are counted by the hour of the company zone, open ones only', () => {
  expect(
    promisesByHour([
      task({ dueAt: '2026-11-21T08:10:00Z' }),
      task({ dueAt: '2026-11-21T05:00:00Z' }),
      task({ dueAt: '2026-11-21T05:45:00Z' }),
      task({ dueAt: '2026-11-21T05:45:00Z', status: 'completed' }),
      task({ dueAt: '2026-11-21T05:45:00Z', promised: false }),
    ]),
  ).toEqual([
    { hour: '11:00', count: 2 },
    { hour: '14:00', count: 1 },
  ])
})

test('the product to push is the one most open calls recommend', () => {
  const rice = { productId: 1, nameBn: 'চাল', nameEn: 'Rice' }
  const oil = { productId: 2, nameBn: 'তেল', nameEn: 'Oil' }
  expect(
    productToPush([
      task({ recommendedProducts: [oil] }),
      task({ recommendedProducts: [rice, oil] }),
      task({ recommendedProducts: [rice], status: 'completed' }),
    ])?.nameEn,
  ).toBe('Oil')
  expect(productToPush([])).toBeNull()
})
