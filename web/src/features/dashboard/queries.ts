import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { Dashboard } from '~/api/types'
import type { Language } from '~/lib/format'
import { useLive } from '~/live/live'
import { applyCall, applyStatus } from './patch'

export const dashboardQuery = (lang: Language) =>
  queryOptions({
    queryKey: keys.dashboardIn(lang),
    queryFn: ({ signal }) => api.get('/api/crm/team/dashboard', { lang }, signal),
    // Nobody applies events to it while the page is closed.
    gcTime: 0,
  })

/** After a burst of events the figures are fetched once, at most every so often. */
const SETTLE_MS = 2000

/** Keeps the dashboard on screen current by the events of the floor; nothing is polled. */
export function useLiveDashboard(lang: Language): void {
  const queries = useQueryClient()
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  const key = dashboardQuery(lang).queryKey
  const settle = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null
      void changed.dashboard(queries)
    }, SETTLE_MS)
  }
  /** Applies an event that the dashboard does not contain yet. */
  const patch = (seq: number, change: (dashboard: Dashboard) => Dashboard) => {
    const known = queries.getQueryData(key)
    if (known && seq > known.seq) queries.setQueryData(key, change(known))
    // An answer on its way may be older than this event.
    if (!known || queries.isFetching({ queryKey: key }) > 0) settle()
  }
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current)
      timer.current = null
    },
    [],
  )
  useLive('agent.status', (status, _, seq) => patch(seq, (d) => applyStatus(d, status)))
  useLive('call.updated', ({ call }, _, seq) => patch(seq, (d) => applyCall(d, call)))
  useLive('task.updated', settle)
  useLive('task.cancelled', settle)
  useLive('queue.changed', settle)
  useLive('plan.generated', () => {
    void changed.dashboard(queries)
  })
}
