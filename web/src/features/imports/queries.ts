import { queryOptions, useQueryClient } from '@tanstack/react-query'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { ImportJob } from '~/api/types'
import { useLive } from '~/live/live'

export const importsQuery = () =>
  queryOptions({
    queryKey: keys.imports,
    queryFn: ({ signal }) => api.get('/api/cdm/imports', {}, signal),
  })

export const importQuery = (id: number) =>
  queryOptions({
    queryKey: keys.import(id),
    queryFn: ({ signal }) => api.get(`/api/cdm/imports/${id}`, {}, signal),
    // An answer that was under way when the last event came is older than that event.
    refetchInterval: ({ state }) => (state.data && !ended(state.data) ? 2000 : false),
  })

export const ended = (job: ImportJob) => job.status !== 'queued' && job.status !== 'running'

/** Keeps the list and the open import current by the server's progress events. */
export function useLiveImports(): void {
  const queries = useQueryClient()
  useLive('import.progress', (job) => {
    queries.setQueryData(importQuery(job.id).queryKey, job)
    queries.setQueryData(importsQuery().queryKey, (old) => {
      if (!old) return old
      const known = old.items.some((entry) => entry.id === job.id)
      return {
        items: known
          ? old.items.map((entry) => (entry.id === job.id ? job : entry))
          : [job, ...old.items],
      }
    })
    if (ended(job)) void changed.import(queries, job)
  })
}
