import { expect, test } from 'vitest'
import { ALL, homeOf, NAV, navFor } from './nav'

const paths = (role: (typeof ALL)[number]) =>
  navFor(role).flatMap(({ entries }) => entries.map((entry) => entry.to))

test('a role has only groups with entries for it', () => {
  expect(navFor('agent').map(({ group }) => group)).toEqual(['work', 'customers'])
  expect(navFor('delivery_coordinator').map(({ group }) => group)).toEqual(['customers'])
  expect(navFor('admin').map(({ group }) => group)).toEqual([
    'work',
    'customers',
    'growth',
    'team',
    'settings',
  ])
})

test('pages of leaders and managers are not in the menu of others', () => {
  expect(paths('agent')).toEqual([
    '/desk',
    '/followups',
    '/calls',
    '/customers',
    '/orders',
    '/products',
  ])
  expect(paths('team_leader')).not.toContain('/users')
  expect(paths('sales_manager')).toContain('/users')
})

test('every role starts on a page of its own menu', () => {
  for (const role of ALL) expect(paths(role)).toContain(homeOf(role))
})

test('no page is in the menu twice', () => {
  const all = NAV.flatMap(({ entries }) => entries.map((entry) => entry.to))
  expect(new Set(all).size).toBe(all.length)
})
