import { expect, test } from 'vitest'
import type { Call, Dashboard } from '~/api/types'
import { applyCall, applyStatus } from './patch'

const dashboard = {
  date: '2026-11-21',
  agents: [
    {
      agentId: 7,
      name: 'Sumaiya',
      status: 'online',
      statusSince: '2026-11-21T04:00:00Z',
      capacity: 200,
      today: {
        total: 10,
        completed: 2,
        failed: 1,
        pending: 6,
        inProgress: 1,
        ordered: 1,
        promisesLate: 0,
      },
    },
  ],
} as unknown as Dashboard
const call = (part: Partial<Call>) =>
  ({
    id: 3,
    agentUserId: 7,
    status: 'ringing',
    startedAt: '2026-11-21T04:00:00Z',
    customerName: 'Rahima',
    ...part,
  }) as Call
const first = (d: Dashboard) => {
  const agent = d.agents[0]
  if (!agent) throw new Error('no agent')
  return agent
}

test('a status change restarts the timer', () => {
  const next = applyStatus(dashboard, {
    userId: 7,
    status: 'break',
    since: '2026-11-21T05:00:00Z',
    breakAfterCall: false,
  })
  expect(first(next)).toMatchObject({ status: 'break', statusSince: '2026-11-21T05:00:00Z' })
})

test('a call appears, counts from the answer, and goes when it ends', () => {
  const ringing = applyCall(dashboard, call({}))
  expect(first(ringing).currentCall).toMatchObject({ callId: 3, customerName: 'Rahima' })
  const talking = applyCall(
    ringing,
    call({ status: 'answered', answeredAt: '2026-11-21T04:00:09Z' }),
  )
  expect(first(talking).currentCall?.startedAt).toBe('2026-11-21T04:00:09Z')
  expect(first(applyCall(talking, call({ status: 'completed' }))).currentCall).toBeNull()
})

test('the late end of another call does not hide the one that runs', () => {
  const talking = applyCall(dashboard, call({ id: 4 }))
  expect(applyCall(talking, call({ id: 3, status: 'completed' }))).toBe(talking)
})
