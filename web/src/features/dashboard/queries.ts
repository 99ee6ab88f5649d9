import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api } from '~/api/client'
import type { Dashboard, TaskStatus } from '~/api/types'
import type { Language } from '~/lib/format'
import { useLive } from '~/live/live'
import { applyCall, applyStatus, applyTask } from './patch'

export const dashboardQuery = (lang: Language) =>
  queryOptions({
    queryKey: ['dashboard', lang],
    queryFn: ({ signal }) => api.get('/api/crm/team/dashboard', { lang }, signal),
  })

/** After a burst of events the figures are fetched once, at most every so often. */
const SETTLE_MS = 4000

/** Keeps the dashboard on screen current by the events of the floor; nothing is polled. */
export function useLiveDashboard(lang: Language): void {
  const queries = useQueryClient()
  const seen = useRef(new Map<number, TaskStatus>())
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const key = dashboardQuery(lang).queryKey
  const patch = (change: (dashboard: Dashboard) => Dashboard) =>
    queries.setQueryData(key, (old) => (old ? change(old) : old))
  const settle = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      void queries.invalidateQueries({ queryKey: ['dashboard'] })
    }, SETTLE_MS)
  }
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current)
      timer.current = null
    },
    [],
  )
  useLive('agent.status', (status) => patch((d) => applyStatus(d, status)))
  useLive('call.updated', ({ call }) => patch((d) => applyCall(d, call)))
  useLive('task.updated', ({ task }) => {
    patch((d) => applyTask(d, task, seen.current))
    settle()
  })
  useLive('task.cancelled', settle)
  useLive('queue.changed', settle)
  useLive('plan.generated', () => {
    seen.current.clear()
    void queries.invalidateQueries({ queryKey: ['dashboard'] })
  })
}
