import type { CallStatus } from '~/api/types'

export const CALL_STATUSES = [
  'initiated',
  'ringing',
  'answered',
  'completed',
  'missed',
  'no_answer',
  'busy',
  'failed',
  'cancelled',
] as const satisfies readonly CallStatus[]

/** The filters of the call log, kept in the address; `view` is the tab. */
export interface CallFilters {
  view?: 'webhooks' | undefined
  agentId?: number | undefined
  status?: CallStatus | undefined
  /** Only calls whose end nobody told us. */
  gaps?: boolean | undefined
  from?: string | undefined
  to?: string | undefined
  /** By start; without it the latest first. */
  sort?: 'oldest' | undefined
}

export function callFiltersFrom(raw: Record<string, unknown>): CallFilters {
  const found: CallFilters = {}
  if (raw.view === 'webhooks') found.view = 'webhooks'
  const agentId = Number(raw.agentId)
  if (Number.isSafeInteger(agentId) && agentId > 0) found.agentId = agentId
  const status = CALL_STATUSES.find((known) => known === raw.status)
  if (status) found.status = status
  if (raw.gaps === true) found.gaps = true
  for (const edge of ['from', 'to'] as const) {
    const day = String(raw[edge] ?? '')
    if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day))) found[edge] = day
  }
  if (raw.sort === 'oldest') found.sort = 'oldest'
  return found
}
