import { expect, test } from 'vitest'
import { allColumns, examples, type Inspection, meaning, needed } from './mapping'

const inspection: Inspection = {
  format: 'own',
  columns: ['mobile', 'full name', 'x'],
  sample: [
    ['01712', 'রহিমা', ''],
    ['01713', 'রহিমা', ' '],
    ['01714', 'করিম'],
  ],
  mapping: { mobile: 'phone', 'full name': 'name', 'lines.sku': 'sku' },
  fields: [],
  sheets: [],
  problems: [],
  warnings: [],
}

test('a person’s choice wins over what was found; leaving a column out is a choice', () => {
  expect(meaning('mobile', {}, inspection.mapping)).toBe('phone')
  expect(meaning('mobile', { mobile: null }, inspection.mapping)).toBe('')
  expect(meaning('x', { x: 'notes' }, inspection.mapping)).toBe('notes')
})

test('examples are filled and different', () => {
  expect(examples(inspection, 'mobile', 2)).toEqual(['01712', '01713'])
  expect(examples(inspection, 'full name')).toEqual(['রহিমা', 'করিম'])
  expect(examples(inspection, 'x')).toEqual([])
})

test('columns of the lines file come after those of the file', () => {
  expect(allColumns(inspection)).toEqual(['mobile', 'full name', 'x', 'lines.sku'])
})

test('a field is needed until it, or one that can stand for it, is there', () => {
  const phone = { name: 'phone', required: true }
  const name = { name: 'name_en', required: false, oneOf: ['name_en', 'name_bn'] }
  expect(needed(phone, new Set())).toBe(true)
  expect(needed(phone, new Set(['phone']))).toBe(false)
  expect(needed(name, new Set(['phone']))).toBe(true)
  expect(needed(name, new Set(['name_bn']))).toBe(false)
  expect(needed({ name: 'notes', required: false, oneOf: [] }, new Set())).toBe(false)
})
