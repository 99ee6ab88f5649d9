import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import { keys } from '~/api/keys'

/** Quotas and contact rules in force. */
export const planSettingsQuery = () =>
  queryOptions({
    queryKey: keys.planSettings,
    queryFn: ({ signal }) => api.get('/api/crm/team/ops/plan/settings', {}, signal),
  })

/** The last plan made for the day (today if none is given); null when there is none yet. */
export const planQuery = (date?: string) =>
  queryOptions({
    queryKey: keys.planOf(date),
    queryFn: async ({ signal }) => {
      try {
        return await api.get('/api/crm/team/ops/plan', { date }, signal)
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null
        throw error
      }
    },
  })

/** What calling does, measured against those held out; it changes by the day. */
export const upliftQuery = () =>
  queryOptions({
    queryKey: keys.planUplift,
    queryFn: ({ signal }) => api.get('/api/crm/team/ops/plan/uplift', {}, signal),
    staleTime: 3_600_000,
  })
