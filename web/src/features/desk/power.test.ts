import { expect, test } from 'vitest'
import type { Desk, Task } from '~/api/types'
import { mayPowerDial } from './power'

const NOW = Date.parse('2026-11-21T05:00:00Z')
const point = (kind: string, params = {}) => ({ kind, reason: { code: kind, params } })
const task = (part: Partial<Task> = {}) =>
  ({ id: 1, status: 'pending', talkingPoints: [point('reminder')], ...part }) as Task
const wrapUps = (...ids: number[]) => ids.map((taskId) => ({ taskId })) as Desk['wrapUps']

test('the next planned call is made', () => {
  expect(mayPowerDial(task(), [], NOW)).toBe(true)
  expect(mayPowerDial(task(), wrapUps(2), NOW)).toBe(true)
})

test('a customer whose wrap-up is open is never called by itself', () => {
  expect(mayPowerDial(task({ status: 'in_progress' }), wrapUps(2, 1), NOW)).toBe(false)
})

test('a cancelled call is not made', () => {
  expect(mayPowerDial(task({ status: 'cancelled' }), [], NOW)).toBe(false)
})

test('a promise waits for its hour, a customer who called does not', () => {
  const promised = task({ dueAt: '2026-11-21T05:05:01Z' })
  expect(mayPowerDial(promised, [], NOW)).toBe(false)
  expect(mayPowerDial(promised, [], NOW + 1000)).toBe(true)
  const missed = [point('missed_call')] as Task['talkingPoints']
  expect(mayPowerDial({ ...promised, talkingPoints: missed }, [], NOW)).toBe(true)
  const agreed = [point('complaint', { time: '16:00' })] as Task['talkingPoints']
  expect(mayPowerDial({ ...promised, talkingPoints: agreed }, [], NOW)).toBe(false)
})
