import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'

export const customer360Query = (id: number) =>
  queryOptions({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => api.get(`/api/cdm/customer360/${id}`, {}, signal),
  })
