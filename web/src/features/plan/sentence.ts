import type { PlanResult } from '~/api/types'
import type { Format } from '~/i18n/i18n'

type LeftOut = PlanResult['leftOut'][number]

/** A plan in figures, as the sentence says them: nothing that is zero, the largest first. */
export interface PlanParts {
  created: number
  agents: number
  classes: { name: 'reminder' | 'offer' | 'followUp'; count: number }[]
  leftOut: number
  reasons: LeftOut[]
}

export function planParts(plan: PlanResult): PlanParts {
  const classes = (['reminder', 'offer', 'followUp'] as const)
    .map((name) => ({ name, count: plan.byClass[name] }))
    .filter((entry) => entry.count > 0)
  // What is planned already is not left out; the sentence says it by itself.
  const reasons = plan.leftOut
    .filter((entry) => entry.count > 0 && entry.reason !== 'already_planned')
    .sort((a, b) => b.count - a.count)
  return {
    created: plan.created,
    agents: plan.agents.filter((agent) => agent.total > 0).length,
    classes,
    leftOut: reasons.reduce((sum, entry) => sum + entry.count, 0),
    reasons,
  }
}

/** The texts of the sentence, by key, with the numbers already in the digits of the language. */
export interface PlanWords {
  calls: (n: string, count: number) => string
  agents: (n: string, count: number) => string
  whole: (calls: string, agents: string, classes: string) => string
  none: string
  className: (name: PlanParts['classes'][number]['name'], n: string, count: number) => string
  leftOut: (n: string, reasons: string) => string
  reason: (reason: LeftOut['reason'], n: string) => string
}

/** "186 calls for 10 agents: 112 reminders, 46 offers; 61 left out: 40 recently contacted, 21 no consent." */
export function planSentence(plan: PlanResult, words: PlanWords, number: Format['number']): string {
  const parts = planParts(plan)
  const head = parts.created
    ? words.whole(
        words.calls(number(parts.created), parts.created),
        words.agents(number(parts.agents), parts.agents),
        parts.classes
          .map((entry) => words.className(entry.name, number(entry.count), entry.count))
          .join(', '),
      )
    : words.none
  if (!parts.leftOut) return head
  const reasons = parts.reasons
    .map((entry) => words.reason(entry.reason, number(entry.count)))
    .join(', ')
  return `${head}; ${words.leftOut(number(parts.leftOut), reasons)}`
}
