import { expect, test } from 'vitest'
import * as bn from './bn'
import * as en from './en'

function keys(value: unknown, path = ''): string[] {
  if (typeof value === 'string') return [path]
  return Object.entries(value as object).flatMap(([key, inner]) =>
    keys(inner, path ? `${path}.${key}` : key),
  )
}
const texts = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts)
const holes = (value: unknown) =>
  texts(value).map((text) => (text.match(/{{\w+}}/g) ?? []).sort().join())

test('both languages have the same features and keys', () => {
  expect(keys(en).sort()).toEqual(keys(bn).sort())
})

test('both languages fill in the same values', () => {
  expect(Object.keys(en)).toEqual(Object.keys(bn))
  expect(keys(en)).toEqual(keys(bn))
  expect(holes(en)).toEqual(holes(bn))
})

test('no text is empty', () => {
  for (const text of [...texts(bn), ...texts(en)]) expect(text.trim()).not.toBe('')
})
