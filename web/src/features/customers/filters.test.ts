import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '~/lib/search'
import { type CustomerFilters, filterCount, filtersFrom } from './filters'

const full: CustomerFilters = {
  q: 'রহিমা 0171',
  purchaseStage: 'repeat_3',
  valueStage: 'vip',
  lifecycleStage: 'at_risk',
  temperature: 'hot',
  district: 'ঢাকা',
  boughtProductId: 3,
  boughtCategoryId: 4,
  lastContactBefore: '2026-11-01',
  assignedTo: 12,
  doNotCall: true,
}

test('a filter survives the way through the address', () => {
  expect(filtersFrom(parseSearch(stringifySearch({ ...full })))).toEqual(full)
  expect(filtersFrom(parseSearch('?assignedTo=none'))).toEqual({ assignedTo: 'none' })
  expect(filtersFrom(parseSearch(''))).toEqual({})
})

test('a number typed as search text stays text', () => {
  expect(filtersFrom(parseSearch('?q=01712345678'))).toEqual({ q: '01712345678' })
})

test('what makes no sense is left out', () => {
  expect(
    filtersFrom({
      q: '   ',
      purchaseStage: 'gold',
      boughtProductId: '-1',
      boughtCategoryId: '2.5',
      lastContactBefore: 'yesterday',
      assignedTo: 'me',
      doNotCall: 'maybe',
      page: '9',
    }),
  ).toEqual({})
  expect(filtersFrom({ lastContactBefore: '2026-13-45' })).toEqual({})
})

test('the search text is not counted as a filter', () => {
  expect(filterCount(full)).toBe(10)
  expect(filterCount({ q: 'x' })).toBe(0)
})
