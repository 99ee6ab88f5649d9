import { expect, test } from 'vitest'
import { poisha } from './OrderPage'

test('taka as people type them become poisha; anything else is no amount', () => {
  expect(poisha('200')).toBe(20_000)
  expect(poisha('১,২৩৪.৫০')).toBe(123_450)
  expect(poisha(' ')).toBe(0)
  for (const text of ['-5', '12,50.5.5', 'abc', '1.234']) expect(poisha(text)).toBeNull()
})
