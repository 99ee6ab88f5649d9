import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import { changed, keys } from '~/api/keys'
import type { Call, Desk, StatusChange, Task, TodayTasks, WrapUp, WrapUpPatch } from '~/api/types'
import { errorText } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { storage } from '~/lib/storage'
import { createStore, useStore } from '~/lib/store'
import { useConnection } from '~/live/live'
import { usePhone } from '~/phone/current'
import { isOpen } from '~/phone/phone'
import { toast } from '~/ui'
import { completion, type Missing, missing, reasonOf, unanswered } from './complete'
import { type Draft, Drafts, type Fields } from './draft'
import { cancelled, forgetCancelled } from './live'
import { mayPowerDial } from './power'
import { callQuery, deskQuery, todayQuery } from './queries'
import { useCancelReason } from './useCancelReason'

/** Cash on delivery is how nearly every order here is paid. */
export const PAYMENT = 'cod'

const setStatus = (taskId: number, change: StatusChange) =>
  api.put(`/api/crm/automation/tasks/${taskId}/status`, change)

/** A task that was never called has no wrap-up yet: writing about it starts it. */
async function saveWrapUp(taskId: number, patch: WrapUpPatch, leaving: boolean) {
  const put = () => api.put(`/api/crm/desk/wrap-ups/${taskId}`, patch, { keepalive: leaving })
  try {
    return await put()
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
    await setStatus(taskId, { status: 'in_progress' })
    return await put()
  }
}

export const drafts = new Drafts(saveWrapUp)

if (typeof window !== 'undefined') {
  window.addEventListener('pagehide', () => drafts.flushAll(true))
}

export const powerDial = createStore(storage.get('powerDial') === 'on')
export function setPowerDial(on: boolean): void {
  storage.set('powerDial', on ? 'on' : 'off')
  powerDial.set(on)
}

const NO_DRAFT = createStore<Draft | null>(null)

export interface DeskModel {
  queue: Task[]
  task: Task | null
  /** Why the task on screen is not to be called any more, in words. */
  away: string | null
  /** Wrap-ups that wait for their outcome, but for the one on screen. */
  unfinished: WrapUp[]
  wrapUp: WrapUp | null
  draft: Draft | null
  /** The call of the task on screen, running or ended. */
  call: Call | null
  phase: 'ready' | 'calling' | 'wrap_up'
  missing: Missing | null
  /** Asked to complete with something missing: the panel points at it. */
  complained: Missing | null
  completing: boolean
  countdown: { until: number } | null
  /** It is not the hour to ring customers: when it is again, and what was to be dialled. */
  outsideHours: { from: string; number: string | undefined } | null
  select(taskId: number): void
  step(by: 1 | -1): void
  edit(patch: Partial<Fields>): void
  dial(number?: string): void
  /** The countdown is over. */
  dialNext(): void
  /** Rings all the same, or does not. */
  dialOutsideHours(yes: boolean): void
  hangup(): void
  complete(patch?: Partial<Fields>): void
  noResponse(): void
  hold(): void
}

/** The agent's screen: which task, which phase, and what every key does to it. */
export function useDesk() {
  const { t } = useTranslation('desk')
  const queries = useQueryClient()
  // Without the socket the screen asks instead of being told.
  const refetchInterval = useConnection() === 'lost' ? 5000 : (false as const)
  const desk = useQuery({ ...deskQuery(), refetchInterval })
  const today = useQuery({ ...todayQuery(), refetchInterval })
  const { phone, state } = usePhone()
  const gone = useStore(cancelled)
  const why = useCancelReason()
  const power = useStore(powerDial)
  const [selected, setSelected] = useState<number | null>(null)
  const [complained, setComplained] = useState<Missing | null>(null)
  const [completing, setCompleting] = useState(false)
  const [countdown, setCountdown] = useState<{ until: number } | null>(null)
  const [outsideHours, setOutsideHours] = useState<DeskModel['outsideHours']>(null)
  const busy = useRef(false)

  const wrapUps = desk.data?.wrapUps
  const queue = useMemo(() => {
    const unfinished = (wrapUps ?? []).map((w) => w.task)
    const waiting = (today.data?.items ?? []).filter(
      (task) =>
        (task.status === 'pending' || task.status === 'in_progress') &&
        !unfinished.some((u) => u.id === task.id),
    )
    return [...unfinished, ...waiting]
  }, [wrapUps, today.data])

  // The task on screen stays there, also when it was cancelled, until the agent moves on.
  const shown = useRef<Task | null>(null)
  const active = desk.data?.active?.task.id
  const wanted = selected ?? (isOpen(state.call) ? state.call.taskId : null) ?? active
  const task: Task | null =
    queue.find((q) => q.id === wanted) ??
    (selected !== null && shown.current?.id === selected && gone[selected]
      ? shown.current
      : null) ??
    queue[0] ??
    null
  shown.current = task
  const taskId = task?.id ?? null

  const wrapUp = wrapUps?.find((w) => w.taskId === taskId) ?? null
  const store = taskId === null ? NO_DRAFT : drafts.of(taskId)
  const draft = useStore(store as typeof NO_DRAFT)
  const open = isOpen(state.call)
  const own = state.call && taskId !== null && state.call.taskId === taskId ? state.call : null
  const lastId = wrapUp?.callId ?? 0
  const last = useQuery({ ...callQuery(lastId), enabled: lastId > 0 && own?.id !== lastId })
  const call = own ?? (lastId > 0 && last.data?.id === lastId ? last.data : null)
  // A customer who was passed on still talks, but not here.
  const talking = isOpen(call) && !(call.transferredTo && wrapUp?.state === 'wrap_up')
  const phase = talking ? 'calling' : wrapUp ? 'wrap_up' : 'ready'

  useEffect(() => {
    for (const item of wrapUps ?? []) drafts.adopt(item)
  }, [wrapUps])
  useEffect(() => {
    // A reading of the desk that began before the save knows less than the screen.
    drafts.onSaved = async (saved) => {
      const { queryKey } = deskQuery()
      await queries.cancelQueries({ queryKey })
      queries.setQueryData<Desk>(queryKey, (data) => {
        if (!data) return data
        const known = data.wrapUps.some((w) => w.taskId === saved.taskId)
        return {
          ...data,
          wrapUps: known
            ? data.wrapUps.map((w) => (w.taskId === saved.taskId ? saved : w))
            : [saved, ...data.wrapUps],
        }
      })
      void queries.invalidateQueries({ queryKey })
    }
    return () => {
      drafts.onSaved = () => {}
    }
  }, [queries])

  // After a reload, or when events may have been missed: the call as the server knows it.
  const activeCall = desk.data?.call ?? desk.data?.active?.call
  useEffect(() => {
    if (activeCall) phone.adopt(activeCall)
  }, [activeCall, phone])
  const fetchedAt = desk.dataUpdatedAt
  const openId = open ? state.call?.id : undefined
  useEffect(() => {
    if (fetchedAt && openId !== undefined && activeCall?.id !== openId) void phone.refresh()
  }, [fetchedAt, openId, activeCall?.id, phone])

  // A fresh task on screen: nothing is complained about, and the one selected stays selected.
  useEffect(() => {
    setComplained(null)
    if (taskId !== null) setSelected(taskId)
  }, [taskId])

  const select = useCallback((id: number) => {
    setCountdown(null)
    const before = shown.current?.id
    if (before !== undefined && before !== id) forgetCancelled(before)
    setSelected(id)
  }, [])

  const step = (by: 1 | -1) => {
    const at = queue.findIndex((q) => q.id === taskId)
    const next = queue[at < 0 ? 0 : Math.min(queue.length - 1, Math.max(0, at + by))]
    if (next) select(next.id)
  }

  const edit = (patch: Partial<Fields>) => {
    if (taskId === null) return
    setComplained(null)
    drafts.edit(taskId, patch)
  }

  // Who answers a caller speaks with the caller: the screen goes there, what was typed waits.
  const taken = open && state.call?.direction === 'inbound' ? state.call : null
  const takenTask = taken?.status === 'answered' ? taken.taskId : null
  useEffect(() => {
    if (takenTask == null) return
    setCountdown(null)
    setSelected(takenTask)
    void changed.desk(queries)
  }, [takenTask, queries])

  const goneTask = task ? gone[task.id] : undefined
  const away = goneTask ? why(goneTask.reason) : null
  const onBreak = desk.data?.agent.status === 'break'
  const dial = async (number?: string, sure = false, again = wrapUp?.callId != null) => {
    setCountdown(null)
    setOutsideHours(null)
    if (!task || open || state.dialing) return
    if (onBreak) return toast(t('phone.onBreak'), 'bad')
    if (away) return toast(away, 'bad')
    const edited = number === undefined ? '' : latinDigits(number).replace(/[\s-]/g, '')
    const own = task.phone.replace(/^\+880/, '0')
    try {
      await phone.dial({
        taskId: task.id,
        ...(edited && edited !== own && edited !== task.phone ? { number: edited } : {}),
        ...(sure ? { outsideHours: true } : {}),
        ...(again ? { again: true } : {}),
      })
    } catch (error) {
      if (error instanceof ApiError && error.code === 'outside_calling_hours') {
        setOutsideHours({ from: error.allowed[0] ?? '', number })
      } else {
        toast(errorText(error), 'bad')
      }
    }
    void changed.desk(queries)
  }

  const hangup = async () => {
    try {
      await phone.hangup()
    } catch (error) {
      toast(errorText(error), 'bad')
    }
    void changed.desk(queries)
  }

  const finish = async (done: Task, change: Task) => {
    drafts.drop(done.id)
    // An answer that was asked for before this would bring the finished wrap-up back for a moment.
    await queries.cancelQueries({ queryKey: keys.desk })
    queries.setQueryData<Desk>(
      deskQuery().queryKey,
      (data) => data && { ...data, wrapUps: data.wrapUps.filter((w) => w.taskId !== done.id) },
    )
    queries.setQueryData<TodayTasks>(
      todayQuery().queryKey,
      (data) =>
        data && {
          ...data,
          items: data.items.map((item) => (item.id === done.id ? change : item)),
        },
    )
    // The top of the queue is the best call now: another unfinished wrap-up, a promise that fell due.
    const next = queue.find((q) => q.id !== done.id)
    setSelected(next?.id ?? null)
    void changed.queue(queries)
    if (done.customerId) void changed.customerDetail(queries, done.customerId)
    const seconds = desk.data?.powerDialSeconds ?? 5
    const dials = next && mayPowerDial(next, wrapUps ?? [], Date.now())
    if (power && dials && !desk.data?.agent.breakAfterCall && !onBreak) {
      setCountdown({ until: Date.now() + seconds * 1000 })
    }
  }

  const complete = async (patch: Partial<Fields> = {}) => {
    if (!task || !draft || busy.current) return
    if (gone[task.id]) return step(1)
    const fields = { ...draft, ...patch }
    const lack = missing(fields, Date.now())
    if (lack) {
      setComplained(lack)
      return
    }
    if (open && call && !unanswered(call)) return toast(t('outcome.hangUpFirst'), 'bad')
    busy.current = true
    setCompleting(true)
    try {
      if (open && call) await phone.hangup()
      await drafts.flush(task.id)
      await finish(task, await setStatus(task.id, completion(fields, PAYMENT)))
    } catch (error) {
      // Not completed: what the key chose stays chosen.
      if (Object.keys(patch).length > 0) drafts.edit(task.id, patch)
      toast(errorText(error), 'bad')
    } finally {
      busy.current = false
      setCompleting(false)
    }
  }

  /** One key: after a call nobody took it completes at once; otherwise it is chosen like any other. */
  const noResponse = () => {
    const last = call ?? null
    const patch = {
      outcome: 'no_response' as const,
      subReason: draft?.outcome === 'no_response' ? draft.subReason : reasonOf(last),
    }
    if (unanswered(last)) void complete(patch)
    else edit(patch)
  }

  const model: DeskModel = {
    queue,
    task,
    away,
    unfinished: (wrapUps ?? []).filter((w) => w.taskId !== taskId && w.state === 'wrap_up'),
    wrapUp,
    draft,
    call,
    phase,
    missing: draft ? missing(draft, Date.now()) : null,
    complained,
    completing,
    countdown,
    outsideHours,
    select,
    step,
    edit,
    dial: (number) => void dial(number),
    dialNext: () => {
      if (task && mayPowerDial(task, wrapUps ?? [], Date.now())) void dial(undefined, false, false)
      else setCountdown(null)
    },
    dialOutsideHours: (yes) => {
      if (yes) void dial(outsideHours?.number, true)
      else setOutsideHours(null)
    },
    hangup: () => void hangup(),
    complete: (patch) => void complete(patch),
    noResponse,
    hold: () => setCountdown(null),
  }
  return { model, desk, today, phone, phoneState: state, onBreak }
}
