import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'
import { keys } from '~/api/keys'

export const customer360Query = (id: number) =>
  queryOptions({
    queryKey: keys.customer(id),
    queryFn: ({ signal }) => api.get(`/api/cdm/customer360/${id}`, {}, signal),
  })
