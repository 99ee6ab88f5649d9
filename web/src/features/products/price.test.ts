import { expect, test } from 'vitest'
import { poisha, taka } from './price'

test('taka as typed become poisha, in either digits', () => {
  expect(poisha('1,250.5')).toBe(125050)
  expect(poisha('৳১২৫০')).toBe(125000)
  expect(poisha('1,23,456.50')).toBe(12345650)
  expect(poisha('\u202D1,250\u202C')).toBe(125000)
  expect(poisha('0')).toBe(0)
  for (const bad of ['', '-5', '1.234', 'ten', '1.2.3', '12,50', '1,2.50', ',500'])
    expect(poisha(bad)).toBeNull()
})

test('poisha as the text of the field go back to the same poisha', () => {
  for (const value of [0, 5, 50, 125000, 125050, 99]) expect(poisha(taka(value))).toBe(value)
})
