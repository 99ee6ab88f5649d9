import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '~/lib/search'
import { type ProductFilters, productFiltersFrom } from './filters'

test('an address holds every filter, and none that makes no sense', () => {
  const full: ProductFilters = { view: 'quality', q: 'চাল', categoryId: 3, sort: '-price' }
  expect(productFiltersFrom(parseSearch(stringifySearch({ ...full })))).toEqual(full)
  expect(productFiltersFrom({ view: 'x', categoryId: '-1', sort: 'cost', q: ' ' })).toEqual({})
})
