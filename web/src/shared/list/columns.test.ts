import { expect, test } from 'vitest'
import { comparer, csvRows, nextSorting, type Sorting, sortingFrom, sortingText } from './columns'

test('an order in the address is read back, an unknown one is none', () => {
  for (const sorting of [
    { by: 'name', desc: false },
    { by: 'price', desc: true },
  ]) {
    expect(sortingFrom(sortingText(sorting), ['name', 'price'])).toEqual(sorting)
  }
  expect(sortingFrom('-password', ['name'])).toBeUndefined()
  expect(sortingFrom(undefined, ['name'])).toBeUndefined()
})

test('clicks on a head go up, down, and back to the list’s own order', () => {
  const clicks: (Sorting | undefined)[] = []
  let sorting: Sorting | undefined
  for (let n = 0; n < 3; n += 1) {
    sorting = nextSorting(sorting, 'name')
    clicks.push(sorting)
  }
  expect(clicks).toEqual([{ by: 'name', desc: false }, { by: 'name', desc: true }, undefined])
  expect(nextSorting({ by: 'name', desc: true }, 'price')).toEqual({ by: 'price', desc: false })
})

test('numbers go by size, codes by their numbers, Bangla by its alphabet, empty last', () => {
  const en = comparer('en')
  expect([10, 9, 100].sort(en)).toEqual([9, 10, 100])
  expect(['A-10', '', 'a-9'].sort(en)).toEqual(['a-9', 'A-10', ''])
  expect(['মধু', 'চাল', 'ঘি'].sort(comparer('bn'))).toEqual(['ঘি', 'চাল', 'মধু'])
})

test('a CSV file has the columns with values, in their order', () => {
  const columns = [
    { key: 'pick', header: '', cell: () => null },
    { key: 'name', header: 'Name', cell: () => null, value: (r: { name: string }) => r.name },
  ]
  expect(csvRows(columns, [{ name: 'Rice' }])).toEqual([['Name'], ['Rice']])
})
