import type { PlanSettings } from '~/api/types'
import { MOST_CALLS, whole } from './quota'

/** The numbers of the plan's rules, in the order of the form. */
export const RULE_NUMBERS = [
  'quotas.perAgentLimit',
  'quotas.reminder',
  'quotas.offer',
  'quotas.followup',
  'minDaysBetweenContacts',
  'mostAttempts',
  'promiseGraceMinutes',
  'mostMessages',
  'reminderWindowDays',
  'carryDays',
  'holdOutPercent',
] as const
export type RuleNumber = (typeof RULE_NUMBERS)[number]

/** Times of the day and days, in the order of the form; those of a pause or of Ramadan may be empty. */
export const RULE_TIMES = [
  'callingHours.hours',
  'callingHours.fridayPause',
  'callingHours.ramadan.hours',
  'callingHours.ramadan.pause',
] as const

/** What the form holds: numbers as typed, the rest as it is sent. */
export interface RuleForm {
  numbers: Record<RuleNumber, string>
  spill: boolean
  hours: [string, string]
  fridayPause: [string, string]
  ramadanDays: [string, string]
  ramadanHours: [string, string]
  ramadanPause: [string, string]
}

export function formOf(rules: PlanSettings, digits: (n: number) => string): RuleForm {
  const { quotas, callingHours } = rules
  const pair = (span?: { from: string; until: string } | null): [string, string] =>
    span ? [span.from, span.until] : ['', '']
  const month = callingHours.ramadan
  return {
    numbers: {
      'quotas.perAgentLimit': digits(quotas.perAgentLimit),
      'quotas.reminder': digits(quotas.reminder),
      'quotas.offer': digits(quotas.offer),
      'quotas.followup': digits(quotas.followup),
      minDaysBetweenContacts: digits(rules.minDaysBetweenContacts),
      mostAttempts: digits(rules.mostAttempts),
      promiseGraceMinutes: digits(rules.promiseGraceMinutes),
      mostMessages: digits(rules.mostMessages),
      reminderWindowDays: digits(rules.reminderWindowDays),
      carryDays: digits(rules.carryDays),
      holdOutPercent: digits(rules.holdOutPercent),
    },
    spill: rules.spill,
    hours: pair(callingHours.hours),
    fridayPause: pair(callingHours.fridayPause),
    ramadanDays: month ? [month.firstDay, month.lastDay] : ['', ''],
    ramadanHours: pair(month?.hours),
    ramadanPause: pair(month?.pause),
  }
}

/** What a number may be: the server's limits. A quota is at most the calls of an agent. */
export function range(form: RuleForm, field: RuleNumber): [number, number] {
  const limit = whole(form.numbers['quotas.perAgentLimit']) ?? MOST_CALLS
  switch (field) {
    case 'quotas.perAgentLimit':
      return [1, MOST_CALLS]
    case 'minDaysBetweenContacts':
      return [0, 90]
    case 'mostAttempts':
      return [1, 20]
    case 'promiseGraceMinutes':
      return [1, 1440]
    case 'mostMessages':
      return [0, 5000]
    case 'reminderWindowDays':
      return [1, 60]
    case 'carryDays':
      return [0, 30]
    case 'holdOutPercent':
      return [0, 50]
    default:
      return [0, Math.min(limit, MOST_CALLS)]
  }
}

const filled = (pair: [string, string]) => pair[0] !== '' && pair[1] !== ''
const half = (pair: [string, string]) => (pair[0] === '') !== (pair[1] === '')

/** Fields that cannot be sent: no number that is allowed, one time of two, a Ramadan without hours. */
export function unreadable(form: RuleForm): string[] {
  const found: string[] = RULE_NUMBERS.filter((field) => {
    const value = whole(form.numbers[field])
    const [least, most] = range(form, field)
    return value === null || value < least || value > most
  })
  if (!filled(form.hours)) found.push('callingHours.hours')
  if (half(form.fridayPause)) found.push('callingHours.fridayPause')
  if (half(form.ramadanDays)) found.push('callingHours.ramadan.lastDay')
  if (half(form.ramadanHours) || filled(form.ramadanHours) !== filled(form.ramadanDays))
    found.push('callingHours.ramadan.hours')
  if (half(form.ramadanPause)) found.push('callingHours.ramadan.pause')
  return found
}

/** What is sent; only for a form without an unreadable field. */
export function rulesOf(form: RuleForm): PlanSettings {
  const number = (field: RuleNumber) => whole(form.numbers[field]) ?? 0
  const span = ([from, until]: [string, string]) => ({ from, until })
  return {
    quotas: {
      perAgentLimit: number('quotas.perAgentLimit'),
      reminder: number('quotas.reminder'),
      offer: number('quotas.offer'),
      followup: number('quotas.followup'),
    },
    spill: form.spill,
    minDaysBetweenContacts: number('minDaysBetweenContacts'),
    mostAttempts: number('mostAttempts'),
    promiseGraceMinutes: number('promiseGraceMinutes'),
    mostMessages: number('mostMessages'),
    reminderWindowDays: number('reminderWindowDays'),
    carryDays: number('carryDays'),
    holdOutPercent: number('holdOutPercent'),
    callingHours: {
      hours: span(form.hours),
      fridayPause: filled(form.fridayPause) ? span(form.fridayPause) : null,
      ramadan: filled(form.ramadanDays)
        ? {
            firstDay: form.ramadanDays[0],
            lastDay: form.ramadanDays[1],
            hours: span(form.ramadanHours),
            pause: filled(form.ramadanPause) ? span(form.ramadanPause) : null,
          }
        : null,
    },
  }
}
