import i18next from 'i18next'
import { beforeAll, expect, test } from 'vitest'
import type { PlanResult } from '~/api/types'
import { setLanguage, startI18n } from '~/i18n/i18n'
import { number } from '~/lib/format'
import { quotaBody, quotaProblems, quotasOf, whole } from './quota'
import { planSentence } from './sentence'
import { planWords } from './words'

const DEFAULT_QUOTAS = quotasOf(
  { perAgentLimit: 200, reminder: 120, offer: 50, followup: 30 },
  String,
)

const plan: PlanResult = {
  date: '2026-11-21',
  preview: true,
  created: 186,
  merged: 14,
  messages: 0,
  alreadyPlanned: 3,
  byClass: { reminder: 112, offer: 46, followUp: 28 },
  byTeam: [],
  agents: [1, 2, 3].map((agentId) => ({
    agentId,
    name: `A${agentId}`,
    teamCode: 'A',
    reminder: 1,
    offer: 0,
    followUp: 0,
    total: agentId === 3 ? 0 : 1,
    capacityLeft: 199,
  })),
  leftOut: [
    { reason: 'no_capacity', count: 9 },
    { reason: 'recently_contacted', count: 40 },
    { reason: 'no_phone', count: 0 },
    { reason: 'already_planned', count: 3 },
    { reason: 'do_not_call', count: 12 },
  ],
  byKind: [],
  expired: 0,
  tookMs: 300,
}

beforeAll(() => startI18n('en'))

const say = (p: PlanResult, language: 'bn' | 'en') =>
  planSentence(p, planWords(i18next.getFixedT(language, 'plan')), (n) => number(n, language))

test('the plan reads like a sentence, the largest reason first', async () => {
  await setLanguage('en')
  expect(say(plan, 'en')).toBe(
    '186 calls for 2 agents: 112 reminders, 46 offers, 28 follow-ups; 61 left out: 40 recently contacted, 12 do-not-call, 9 no capacity',
  )
})

test('in Bangla with Bangla digits', async () => {
  await setLanguage('bn')
  expect(say(plan, 'bn')).toBe(
    '২ জন এজেন্টের জন্য ১৮৬টি কল: ১১২টি রিমাইন্ডার, ৪৬টি অফার, ২৮টি ফলো-আপ; ৬১ জন বাদ: ৪০ জনের সঙ্গে সম্প্রতি কথা হয়েছে, ১২ জনকে কল করা নিষেধ, ৯ জনের জন্য জায়গা নেই',
  )
})

test('one is singular, nothing that is zero is said', async () => {
  await setLanguage('en')
  const one = { ...plan, created: 1, byClass: { reminder: 1, offer: 0, followUp: 0 }, leftOut: [] }
  expect(say({ ...one, agents: one.agents.slice(0, 1) }, 'en')).toBe(
    '1 call for 1 agent: 1 reminder',
  )
})

test('no new calls is said plainly, with why', async () => {
  await setLanguage('en')
  expect(say({ ...plan, created: 0 }, 'en')).toBe(
    'No new calls to make; 61 left out: 40 recently contacted, 12 do-not-call, 9 no capacity',
  )
})

test('quotas are whole numbers in either digits, within the limit', () => {
  expect(whole('১২০')).toBe(120)
  expect(whole('-5')).toBeNull()
  expect(whole('1.5')).toBeNull()
  expect(quotaProblems(DEFAULT_QUOTAS)).toEqual({})
  expect(quotaProblems({ ...DEFAULT_QUOTAS, perAgentLimit: '201' })).toEqual({
    perAgentLimit: 'limit',
  })
  expect(quotaProblems({ ...DEFAULT_QUOTAS, perAgentLimit: '100', offerQuota: '' })).toEqual({
    reminderQuota: 'overLimit',
    offerQuota: 'number',
  })
  expect(quotaBody({ ...DEFAULT_QUOTAS, offerQuota: '৪০' }).offerQuota).toBe(40)
})
