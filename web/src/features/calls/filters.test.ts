import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '~/lib/search'
import { type CallFilters, callFiltersFrom } from './filters'

test('the gaps are asked for by a flag', () => {
  expect(callFiltersFrom({ gaps: true })).toEqual({ gaps: true })
  expect(callFiltersFrom({ gaps: 'yes' })).toEqual({})
})

test('the call log’s filter survives the way through the address', () => {
  const filters: CallFilters = {
    view: 'webhooks',
    agentId: 4,
    status: 'no_answer',
    from: '2026-11-01',
    to: '2026-11-21',
  }
  expect(callFiltersFrom(parseSearch(stringifySearch({ ...filters })))).toEqual(filters)
  expect(callFiltersFrom({ agentId: 'x', status: 'lost', from: '1' })).toEqual({})
})
