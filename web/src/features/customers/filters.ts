import type { LifecycleStage, PurchaseStage, Temperature, ValueStage } from '~/api/types'

/**
 * The filters of the customer list. They live in the address, so that a list can be kept, sent and come back
 * to; the names are those of the API.
 */
export interface CustomerFilters {
  q?: string
  purchaseStage?: PurchaseStage
  valueStage?: ValueStage
  lifecycleStage?: LifecycleStage
  temperature?: Temperature
  district?: string
  boughtProductId?: number
  boughtCategoryId?: number
  lastContactBefore?: string
  /** An agent's id, or "none" for customers without an agent. */
  assignedTo?: number | 'none'
  doNotCall?: boolean
}

export const PURCHASE_STAGES = ['new', 'repeat_2', 'repeat_3', 'regular', 'permanent'] as const
export const VALUE_STAGES = ['normal', 'medium', 'vip'] as const
export const LIFECYCLES = ['prospect', 'new', 'active', 'at_risk', 'churned'] as const
export const TEMPERATURES = ['hot', 'warm', 'cold'] as const

type Raw = Record<string, unknown>

const text = (value: unknown): string | undefined => {
  const trimmed = typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : ''
  return trimmed ? trimmed.slice(0, 100) : undefined
}
const oneOf = <T extends string>(values: readonly T[], value: unknown): T | undefined =>
  values.find((known) => known === value)
const id = (value: unknown): number | undefined => {
  const number = Number(text(value))
  return Number.isSafeInteger(number) && number > 0 ? number : undefined
}
const day = (value: unknown): string | undefined => {
  const found = text(value)
  return found && /^\d{4}-\d{2}-\d{2}$/.test(found) && !Number.isNaN(Date.parse(found))
    ? found
    : undefined
}
const truth = (value: unknown): boolean | undefined => {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  return undefined
}

/** What an address says; whatever makes no sense is left out instead of failing the page. */
export function filtersFrom(raw: Raw): CustomerFilters {
  const found: CustomerFilters = {
    q: text(raw.q),
    purchaseStage: oneOf(PURCHASE_STAGES, raw.purchaseStage),
    valueStage: oneOf(VALUE_STAGES, raw.valueStage),
    lifecycleStage: oneOf(LIFECYCLES, raw.lifecycleStage),
    temperature: oneOf(TEMPERATURES, raw.temperature),
    district: text(raw.district),
    boughtProductId: id(raw.boughtProductId),
    boughtCategoryId: id(raw.boughtCategoryId),
    lastContactBefore: day(raw.lastContactBefore),
    assignedTo: raw.assignedTo === 'none' ? 'none' : id(raw.assignedTo),
    doNotCall: truth(raw.doNotCall),
  }
  return clean(found)
}

/** Without what is not set: the same filter is the same object content, the same address, the same cache key. */
export function clean(filters: CustomerFilters): CustomerFilters {
  return Object.fromEntries(
    Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''),
  ) as CustomerFilters
}

/** How many filters are set besides the search text. */
export function filterCount(filters: CustomerFilters): number {
  return Object.keys(clean(filters)).filter((key) => key !== 'q').length
}
