import { expect, test } from 'vitest'
import { findDistrict } from './District'

const items = [
  { nameEn: 'Chattogram', nameBn: 'চট্টগ্রাম' },
  { nameEn: 'Dhaka', nameBn: 'ঢাকা' },
]

test('a district is found by either name, whatever its case', () => {
  expect(findDistrict(items, ' dhaka ')).toBe(items[1])
  expect(findDistrict(items, 'চট্টগ্রাম')).toBe(items[0])
  expect(findDistrict(items, 'Dha')).toBeUndefined()
  expect(findDistrict(items, '')).toBeUndefined()
})
