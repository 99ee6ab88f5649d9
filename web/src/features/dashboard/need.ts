import type { Dashboard } from '~/api/types'
import { civilDate, zoned } from '~/lib/format'

/**
 * Who on the floor needs the team leader, and why. Times are epoch milliseconds. A shift is eight hours; the
 * pace compares what is done with an even progress through it, as on the agent's desk.
 */
export type FloorAgent = Dashboard['agents'][number]

export const SHIFT = { from: 9, hours: 8 }
const MINUTE = 60_000

export type NeedCode = 'promisesLate' | 'wrapUpLong' | 'breakLong' | 'offline' | 'idle' | 'behind'

export interface Need {
  code: NeedCode
  /** Larger is more pressing. */
  weight: number
  /** Promises, minutes or calls, by code. */
  value: number
}

/** The share of the shift that is over, 0…1. */
export function shiftShare(now: number): number {
  const start = zoned(civilDate(new Date(now)), SHIFT.from).getTime()
  return Math.min(1, Math.max(0, (now - start) / (SHIFT.hours * 60 * MINUTE)))
}

export function done(agent: FloorAgent): number {
  return agent.today.completed + agent.today.failed
}

/** Calls ahead (+) or behind (−) of an even progress through the shift. */
export function pace(agent: FloorAgent, now: number): number {
  return Math.round(done(agent) - agent.today.total * shiftShare(now))
}

export function needs(agent: FloorAgent, now: number): Need[] {
  // Nobody who never came online needs help.
  const since = agent.statusSince ? Date.parse(agent.statusSince) : now
  const minutes = Math.floor((now - since) / MINUTE)
  const left = agent.today.pending + agent.today.inProgress
  const share = shiftShare(now)
  const found: Need[] = []
  const { promisesLate } = agent.today
  if (promisesLate > 0) {
    found.push({ code: 'promisesLate', weight: 100 + promisesLate, value: promisesLate })
  }
  if (agent.status === 'wrap_up' && minutes >= 3) {
    found.push({ code: 'wrapUpLong', weight: 80 + Math.min(minutes, 15), value: minutes })
  }
  if (agent.status === 'break' && minutes >= 20) {
    found.push({ code: 'breakLong', weight: 60 + Math.min(minutes / 10, 15), value: minutes })
  }
  if (agent.status === 'offline' && left > 0 && share > 0 && share < 1) {
    found.push({ code: 'offline', weight: 55, value: left })
  }
  if (agent.status === 'online' && left > 0 && minutes >= 5) {
    found.push({ code: 'idle', weight: 50 + Math.min(minutes / 5, 4), value: minutes })
  }
  const behind = -pace(agent, now)
  if (share > 0 && share < 1 && behind >= Math.max(5, agent.today.total * 0.15)) {
    found.push({ code: 'behind', weight: 30 + Math.min(behind / 10, 15), value: behind })
  }
  return found.sort((a, b) => b.weight - a.weight)
}

/** Most pressing first; then who has most left to do; then by name, so that rows do not jump about. */
export function byNeed(agents: readonly FloorAgent[], now: number): FloorAgent[] {
  return agents
    .map((agent) => ({
      agent,
      weight: Math.floor(needs(agent, now)[0]?.weight ?? 0),
      left: agent.today.pending + agent.today.inProgress,
    }))
    .sort(
      (a, b) =>
        b.weight - a.weight || b.left - a.left || a.agent.name.localeCompare(b.agent.name, 'bn'),
    )
    .map(({ agent }) => agent)
}
