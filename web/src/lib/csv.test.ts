import { expect, test } from 'vitest'
import { csv } from './csv'
import { parseSearch, stringifySearch } from './search'

test('cells are quoted where needed and never run as formulas', () => {
  expect(
    csv([
      ['নাম', 'a,b'],
      ['=SUM(A1)', 'say "hi"'],
      ['x', -5],
    ]),
  ).toBe('\uFEFFনাম,"a,b"\r\n\'=SUM(A1),"say ""hi"""\r\nx,-5\r\n')
  for (const cell of ['=1', '+8801712345678', '-5', '@x', '\tx', ' =1', '\u200B=1', '＝1']) {
    expect(csv([[cell]]).replace(/^\uFEFF"?/, '')).toMatch(/^'/)
  }
})

test('an address keeps plain text, and leaves out what is empty', () => {
  expect(stringifySearch({ q: '0171', stage: undefined, dnc: false, n: 3 })).toBe('?q=0171&n=3')
  expect(parseSearch('?q=0171&n=3')).toEqual({ q: '0171', n: '3' })
  expect(stringifySearch({})).toBe('')
})
