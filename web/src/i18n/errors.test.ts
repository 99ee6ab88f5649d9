import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as bn from './bn'
import * as en from './en'

const SERVER = join(import.meta.dirname, '../../../server/src')

/** The server's source without its unit tests. */
const sources = readdirSync(SERVER, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.rs') && !name.endsWith('tests.rs'))
  .map((name) => readFileSync(join(SERVER, name), 'utf8').split('#[cfg(test)]')[0] ?? '')

/** Where a code is written: an error made of it, a word that is read, a field's own error. */
const CODE = [
  /(?:Error|Self)::(?:invalid|not_found|conflict)\(\s*"(\w+)"/g,
  /\(\s*StatusCode::\w+,\s*"(\w+)",\s*[^)\s]/g,
  /\bword\(\s*[^,]+,\s*"\w+",\s*"(\w+)"/g,
  /FieldError\s*\{[^}]*code:\s*"(\w+)"/g,
]

const codes = new Set(
  sources.flatMap((text) =>
    CODE.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? '')),
  ),
)

test('the server’s source is read', () => {
  expect([...codes]).toEqual(
    expect.arrayContaining(['forbidden', 'wrap_up_open', 'unknown_outcome', 'internal_error']),
  )
})

test.each([
  ['bn', bn],
  ['en', en],
])('every error of the server has words in %s', (_, texts) => {
  const known = Object.keys(texts.common.errors)
  expect([...codes].filter((code) => !known.includes(code)).sort()).toEqual([])
})
