import type { ReactNode } from 'react'
import { phone as formatPhone } from '~/lib/format'

/** A column of a list. */
export interface ListColumn<T> {
  key: string
  /** In the head, the choice of columns and the CSV file. */
  header: string
  /** In the head instead of the text: a checkbox. */
  head?: ReactNode
  cell: (row: T) => ReactNode
  /** In the CSV file, and for sorting a list that is loaded as a whole. Without it the column has neither. */
  value?: (row: T) => string | number
  /** For sorting, where the value in the file is not in order. */
  sortValue?: (row: T) => string | number
  /** Sorted by the server, for lists that come in pages. */
  serverSort?: boolean
  /** Always shown: checkboxes, buttons, the name. */
  fixed?: boolean
  align?: 'left' | 'right' | 'center'
  className?: string | undefined
}

export interface Sorting {
  by: string
  desc: boolean
}

/** `name` or `-name` in an address; anything else is no order. */
export function sortingFrom(value: unknown, keys: readonly string[]): Sorting | undefined {
  const text = typeof value === 'string' ? value : ''
  const by = text.replace(/^-/, '')
  return keys.includes(by) ? { by, desc: text.startsWith('-') } : undefined
}

export const sortingText = (sorting: Sorting | undefined): string | undefined =>
  sorting && `${sorting.desc ? '-' : ''}${sorting.by}`

/** Ascending, then descending, then the list's own order. */
export function nextSorting(sorting: Sorting | undefined, by: string): Sorting | undefined {
  if (sorting?.by !== by) return { by, desc: false }
  return sorting.desc ? undefined : { by, desc: true }
}

/** Numbers by size; texts as a reader of the language orders them, "A-9" before "A-10"; empty last. */
export function comparer(language: string): (a: string | number, b: string | number) => number {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' })
  return (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b
    if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1
    return collator.compare(String(a), String(b))
  }
}

/** A phone number as a spreadsheet keeps it: 01712-345678, whatever the language on screen. */
export const phoneValue = (phone: string | null | undefined): string =>
  phone ? formatPhone(phone, 'en') : ''

/** Poisha as taka. */
export const takaValue = (poisha: number): number => poisha / 100

/** The rows of a CSV file: heads, then values, of the columns that have values. */
export function csvRows<T>(columns: readonly ListColumn<T>[], rows: readonly T[]) {
  const valued = columns.flatMap((c) => (c.value ? [{ header: c.header, value: c.value }] : []))
  return [
    valued.map((column) => column.header),
    ...rows.map((row) => valued.map((column) => column.value(row))),
  ]
}
