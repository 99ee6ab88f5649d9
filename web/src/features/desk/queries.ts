import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'
import { keys } from '~/api/keys'
import type { Language } from '~/api/types'

export const deskQuery = () =>
  queryOptions({
    queryKey: keys.desk,
    queryFn: ({ signal }) => api.get('/api/crm/desk', {}, signal),
  })

export const todayQuery = () =>
  queryOptions({
    queryKey: keys.today,
    queryFn: ({ signal }) => api.get('/api/crm/automation/tasks/today', {}, signal),
  })

/** The last call of a wrap-up that this tab did not make itself. */
export const callQuery = (id: number) =>
  queryOptions({
    queryKey: keys.call(id),
    queryFn: ({ signal }) => api.get(`/api/telephony/calls/${id}`, {}, signal),
  })

export const customer360Query = (id: number) =>
  queryOptions({
    queryKey: keys.customer360(id),
    queryFn: ({ signal }) => api.get(`/api/cdm/customer360/${id}`, {}, signal),
    staleTime: 60_000,
  })

export const scriptQuery = (taskId: number, lang: Language) =>
  queryOptions({
    queryKey: keys.script(taskId, lang),
    queryFn: ({ signal }) =>
      api.get(`/api/crm/automation/call-tasks/${taskId}/suggested-script`, { lang }, signal),
    staleTime: 300_000,
  })
