import type { Desk, Task } from '~/api/types'

/** A promise is called from this long before its hour; as the server orders the queue. */
const AHEAD_MS = 5 * 60_000

/** The customer called or complained, and no hour was agreed on: the call is for now. */
function isUrgent(task: Task): boolean {
  const main = task.talkingPoints[0]
  return (
    (main?.kind === 'missed_call' || main?.kind === 'complaint') &&
    main.reason.params.time === undefined
  )
}

/**
 * Whether power-dial may call for this task by itself: not while a call of it waits for its outcome, not when
 * it was cancelled, and not before the hour that was promised.
 */
export function mayPowerDial(task: Task, wrapUps: Desk['wrapUps'], now: number): boolean {
  if (task.status === 'cancelled' || wrapUps.some((w) => w.taskId === task.id)) return false
  return !task.dueAt || Date.parse(task.dueAt) <= now + AHEAD_MS || isUrgent(task)
}
