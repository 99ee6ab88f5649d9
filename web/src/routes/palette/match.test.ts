import { expect, test } from 'vitest'
import { matches } from './match'

const plan = ['আজকের প্ল্যান', 'Today’s plan']

test('the beginning of a word finds a page in both languages', () => {
  expect(matches('pla', plan)).toBe(true)
  expect(matches('প্ল', plan)).toBe(true)
  expect(matches('plan today', plan)).toBe(true)
  expect(matches('lan', plan)).toBe(false)
  expect(matches('plan tomorrow', plan)).toBe(false)
})

test('an empty query finds every page', () => {
  expect(matches('  ', plan)).toBe(true)
})

test('letters that can be written in two ways are the same', () => {
  expect(matches('গ্রা\u09B9ক', ['গ্রাহক'])).toBe(true)
  expect(matches('বা\u09AF\u09BC', ['বা\u09DF'])).toBe(true)
})
