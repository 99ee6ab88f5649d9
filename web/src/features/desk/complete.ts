import type { Call, Outcome, StatusChange, SubReason } from '~/api/types'
import { addDays, civilDate, zoned } from '~/lib/format'
import type { Fields } from './draft'

/** What is still missing before the task can be completed; the server asks for the same. */
export type Missing = 'outcome' | 'followUpAt' | 'followUpPast' | 'basket'

export function missing(fields: Fields, now: number): Missing | null {
  if (!fields.outcome) return 'outcome'
  if (fields.outcome === 'follow_up') {
    if (!fields.followUpAt) return 'followUpAt'
    if (Date.parse(fields.followUpAt) <= now) return 'followUpPast'
  }
  if (
    fields.outcome === 'ordered' &&
    fields.subReason !== 'already_ordered' &&
    fields.basket.length === 0
  ) {
    return 'basket'
  }
  return null
}

/** The request that completes the task. Only what belongs to the outcome goes along. */
export function completion(fields: Fields, paymentMethod: string): StatusChange {
  const { outcome, subReason, followUpAt, notes, basket } = fields
  return {
    status: 'completed',
    ...(outcome ? { outcome } : {}),
    ...(subReason ? { subReason } : {}),
    ...(notes.trim() ? { notes: notes.trim() } : {}),
    ...(outcome === 'follow_up' && followUpAt ? { followUpAt } : {}),
    ...(outcome === 'ordered' && basket.length > 0
      ? { order: { lines: basket, paymentMethod } }
      : {}),
  }
}

/** Sub-reasons that make sense with an outcome, the likeliest first. */
export const SUB_REASONS: Record<Outcome, SubReason[]> = {
  ordered: ['already_ordered'],
  follow_up: ['callback_requested', 'busy', 'still_has_stock', 'other'],
  not_interested: ['still_has_stock', 'already_ordered', 'wrong_number', 'do_not_call', 'other'],
  price_issue: ['other'],
  no_response: ['switched_off', 'busy', 'wrong_number', 'other'],
}

/** What the line said already: the agent need not say it again. */
export function reasonOf(call: Call | null): SubReason | null {
  if (call?.status === 'busy') return 'busy'
  if (call?.status === 'failed') return 'switched_off'
  return null
}

/** The call rang and nobody was spoken to. */
export function unanswered(call: Call | null): boolean {
  return (
    call !== null &&
    (['no_answer', 'busy', 'failed', 'missed', 'cancelled'].includes(call.status) ||
      (call.status === 'ringing' && !call.answeredAt) ||
      call.status === 'initiated')
  )
}

export type QuickTime = 'hour' | 'tomorrow' | 'evening'

/** The promised times one key away, in the company's zone. */
export function quickTime(which: QuickTime, now: Date): Date {
  const today = civilDate(now)
  switch (which) {
    case 'hour': {
      // On the next five minutes: "10:35" is said, "10:33:12" is not.
      const step = 5 * 60_000
      return new Date(Math.ceil((now.getTime() + 3_600_000) / step) * step)
    }
    case 'tomorrow':
      return zoned(addDays(today, 1), 10)
    case 'evening': {
      const evening = zoned(today, 19)
      return evening.getTime() > now.getTime() + 15 * 60_000
        ? evening
        : zoned(addDays(today, 1), 19)
    }
  }
}
