import { queryOptions } from '@tanstack/react-query'
import { api } from '~/api/client'
import type { Customer360 } from '~/api/types'

export const customer360Query = (id: number) =>
  queryOptions({
    queryKey: ['customer', id],
    queryFn: ({ signal }) => api.get<Customer360>(`/api/cdm/customer360/${id}`, {}, signal),
  })
