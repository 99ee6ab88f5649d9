import { describe, expect, test } from 'vitest'
import type { Call } from '~/api/types'
import { completion, missing, quickTime, unanswered } from './complete'
import { EMPTY } from './draft'

const now = Date.parse('2026-11-21T05:00:00Z')

describe('what is missing', () => {
  test.each([
    [{}, 'outcome'],
    [{ outcome: 'follow_up' as const }, 'followUpAt'],
    [{ outcome: 'follow_up' as const, followUpAt: '2026-11-21T04:00:00Z' }, 'followUpPast'],
    [{ outcome: 'follow_up' as const, followUpAt: '2026-11-21T06:00:00Z' }, null],
    [{ outcome: 'ordered' as const }, 'basket'],
    [{ outcome: 'ordered' as const, subReason: 'already_ordered' as const }, null],
    [{ outcome: 'ordered' as const, basket: [{ productId: 1, quantity: 1 }] }, null],
    [{ outcome: 'no_response' as const }, null],
  ])('%o', (part, expected) => {
    expect(missing({ ...EMPTY, ...part }, now)).toBe(expected)
  })
})

test('a basket filled before the customer changed their mind makes no order', () => {
  const basket = [{ productId: 1, quantity: 2 }]
  expect(completion({ ...EMPTY, outcome: 'not_interested', basket }, 'cod')).toEqual({
    status: 'completed',
    outcome: 'not_interested',
  })
  expect(completion({ ...EMPTY, outcome: 'ordered', basket }, 'cod').order).toEqual({
    lines: basket,
    paymentMethod: 'cod',
  })
})

test('quick times are in the company zone and never in the past', () => {
  const at = (iso: string, which: 'hour' | 'tomorrow' | 'evening') =>
    quickTime(which, new Date(iso)).toISOString()
  expect(at('2026-11-21T05:02:00Z', 'hour')).toBe('2026-11-21T06:05:00.000Z')
  expect(at('2026-11-21T05:00:00Z', 'tomorrow')).toBe('2026-11-22T04:00:00.000Z')
  expect(at('2026-11-21T05:00:00Z', 'evening')).toBe('2026-11-21T13:00:00.000Z')
  expect(at('2026-11-21T13:30:00Z', 'evening')).toBe('2026-11-22T13:00:00.000Z')
  // 01:00 in Dhaka: tomorrow is the next civil day there.
  expect(at('2026-11-20T19:00:00Z', 'tomorrow')).toBe('2026-11-22T04:00:00.000Z')
})

test('a call nobody took is unanswered, a talk is not', () => {
  const call = (status: Call['status']) => ({ status }) as Call
  expect(
    ['no_answer', 'busy', 'failed', 'ringing'].map((s) => unanswered(call(s as never))),
  ).toEqual([true, true, true, true])
  expect(['answered', 'completed'].map((s) => unanswered(call(s as never)))).toEqual([false, false])
  expect(unanswered(null)).toBe(false)
})
