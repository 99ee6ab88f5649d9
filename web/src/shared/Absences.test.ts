import { expect, test } from 'vitest'
import { daysFromTo } from './Absences'

test('a leave is all its days, and a slip of the year stays small', () => {
  expect(daysFromTo('2026-12-30', '2027-01-02')).toEqual([
    '2026-12-30',
    '2026-12-31',
    '2027-01-01',
    '2027-01-02',
  ])
  expect(daysFromTo('2026-12-30', '2026-12-29')).toEqual([])
  expect(daysFromTo('2026-12-30', '2062-12-30')).toHaveLength(60)
})
