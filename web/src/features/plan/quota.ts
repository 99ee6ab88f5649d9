import type { PlanSettings } from '~/api/types'
import { latinDigits } from '~/lib/format'

/** What a plan may be asked for. The limits are those of the server; it has the last word. */
export interface Quotas {
  perAgentLimit: string
  reminderQuota: string
  offerQuota: string
  followupQuota: string
}
export type QuotaField = keyof Quotas
export const QUOTA_FIELDS = [
  'perAgentLimit',
  'reminderQuota',
  'offerQuota',
  'followupQuota',
] as const satisfies readonly QuotaField[]

export const MOST_CALLS = 200

/** A whole number in Latin or Bangla digits, or null. */
export function whole(text: string): number | null {
  const latin = latinDigits(text.trim())
  return /^\d{1,4}$/.test(latin) ? Number(latin) : null
}

/** The quotas of the settings as shown: in the digits of the language. */
export function quotasOf(
  quotas: PlanSettings['quotas'],
  digits: (value: number) => string,
): Quotas {
  return {
    perAgentLimit: digits(quotas.perAgentLimit),
    reminderQuota: digits(quotas.reminder),
    offerQuota: digits(quotas.offer),
    followupQuota: digits(quotas.followup),
  }
}

export type QuotaProblem = 'number' | 'limit' | 'overLimit'

/** What is wrong before the server is asked, by field. */
export function quotaProblems(quotas: Quotas): Partial<Record<QuotaField, QuotaProblem>> {
  const found: Partial<Record<QuotaField, QuotaProblem>> = {}
  const limit = whole(quotas.perAgentLimit)
  if (limit === null) found.perAgentLimit = 'number'
  else if (limit < 1 || limit > MOST_CALLS) found.perAgentLimit = 'limit'
  for (const field of QUOTA_FIELDS.slice(1)) {
    const value = whole(quotas[field])
    if (value === null) found[field] = 'number'
    else if (value > (limit ?? MOST_CALLS)) found[field] = 'overLimit'
  }
  return found
}

/** The body of the request; only for quotas without a problem. */
export function quotaBody(quotas: Quotas): Record<QuotaField, number> {
  return Object.fromEntries(
    QUOTA_FIELDS.map((field) => [field, whole(quotas[field]) ?? 0]),
  ) as Record<QuotaField, number>
}
