import i18next from 'i18next'
import type { ImportKind } from '~/api/types'

export interface ImportField {
  name: string
  required: boolean
  /** With others, at least one of which is needed. */
  oneOf?: string[]
}

/** What the server found in an uploaded file. */
export interface Inspection {
  format: string
  columns: string[]
  /** The first rows, a cell for each column. */
  sample: string[][]
  mapping: Record<string, string>
  fields: ImportField[]
  /** The sheets of a workbook, and the one that is read. */
  sheets: string[]
  sheet?: string | null
  problems: ({ code?: string; detail?: string } | string)[]
  /** What a person should know of the file. */
  warnings: { code: string; detail: string; column?: string | null }[]
}

export const KINDS = [
  'orders',
  'customers',
  'products',
  'categories',
] as const satisfies readonly ImportKind[]
export const DATE_ORDERS = ['auto', 'day_first', 'month_first'] as const
export type DateOrder = (typeof DATE_ORDERS)[number]

export const FORMATS = ['auto', 'own', 'woocommerce', 'shopify'] as const
export type Format = (typeof FORMATS)[number]

/** What a person chose for a column; null: the column is left out. */
export type Choices = Record<string, string | null>

/** What a column means now: chosen by the person, else as the server read it. */
export function meaning(
  column: string,
  choices: Choices,
  detected: Record<string, string>,
): string {
  return (column in choices ? choices[column] : detected[column]) ?? ''
}

/** A few different filled cells of a column, so that its meaning can be seen. */
export function examples(inspection: Inspection, column: string, most = 3): string[] {
  const at = inspection.columns.indexOf(column)
  if (at < 0) return []
  const cells = inspection.sample.map((row) => row[at]?.trim() ?? '').filter(Boolean)
  return [...new Set(cells)].slice(0, most)
}

/** The columns in the order of the file, then those of the lines file the server speaks of. */
export function allColumns(inspection: Inspection): string[] {
  const extra = Object.keys(inspection.mapping).filter((c) => !inspection.columns.includes(c))
  return [...inspection.columns, ...extra.sort()]
}

/** Whether a field is still needed, with what the columns mean now. */
export function needed(field: ImportField, used: ReadonlySet<string>): boolean {
  if (field.required) return !used.has(field.name)
  return Boolean(field.oneOf?.length) && !field.oneOf?.some((name) => used.has(name))
}

/** What is said of a row or file in the language on screen where it is known, else as the server says it. */
export function findingText(code: string, detail: string): string {
  const key = `imports:rowError.${code}`
  return i18next.exists(key) ? i18next.t(key as 'imports:rowError.required') : detail
}
