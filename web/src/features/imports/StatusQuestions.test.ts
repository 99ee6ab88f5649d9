import { expect, test } from 'vitest'
import { questions } from './StatusQuestions'

test('the status word of most orders is asked first', () => {
  expect(questions({ a: 2, c: 7, b: 2 })).toEqual([
    ['c', 7],
    ['a', 2],
    ['b', 2],
  ])
  expect(questions({})).toEqual([])
})
