import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Category, DirectoryEntry, Items, Product, Role, Task, User } from './types'

/**
 * What more than one feature asks for. The first part of a key is the thing (`users`, `tasks`, `customer`…),
 * so that an event can invalidate all lists of it at once.
 */
export const usersQuery = (role?: Role) =>
  queryOptions({
    queryKey: ['users', { role }],
    queryFn: ({ signal }) => api.get<Items<User>>('/api/users', { role }, signal),
  })

export const directoryQuery = () =>
  queryOptions({
    queryKey: ['users', 'directory'],
    queryFn: ({ signal }) => api.get<Items<DirectoryEntry>>('/api/users/directory', {}, signal),
    staleTime: 300_000,
  })

export const productsQuery = (active?: boolean) =>
  queryOptions({
    queryKey: ['products', { active }],
    queryFn: ({ signal }) => api.get<Items<Product>>('/api/cdm/products', { active }, signal),
    staleTime: 300_000,
  })

export const categoriesQuery = () =>
  queryOptions({
    queryKey: ['categories'],
    queryFn: ({ signal }) => api.get<Items<Category>>('/api/cdm/categories', {}, signal),
    staleTime: 300_000,
  })

export const followUpsQuery = () =>
  queryOptions({
    queryKey: ['tasks', 'followups'],
    queryFn: ({ signal }) =>
      api.get<Items<Task>>('/api/crm/automation/tasks/my-followups', {}, signal),
  })
