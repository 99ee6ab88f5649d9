import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '~/lib/search'
import { type UserFilters, userFiltersFrom } from './filters'

test('an address holds every filter, and none that makes no sense', () => {
  const full: UserFilters = { q: 'rahim', role: 'agent', sort: 'team' }
  expect(userFiltersFrom(parseSearch(stringifySearch({ ...full })))).toEqual(full)
  expect(userFiltersFrom({ role: 'owner', sort: '-password' })).toEqual({})
})
