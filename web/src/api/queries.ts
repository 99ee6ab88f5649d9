import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Role } from './types'

/**
 * What more than one feature asks for. The first part of a key is the thing (`users`, `tasks`, `customer`…),
 * so that an event can invalidate all lists of it at once.
 */
export const usersQuery = (role?: Role) =>
  queryOptions({
    queryKey: ['users', { role }],
    queryFn: ({ signal }) => api.get('/api/users', { role }, signal),
  })

export const directoryQuery = () =>
  queryOptions({
    queryKey: ['users', 'directory'],
    queryFn: ({ signal }) => api.get('/api/users/directory', {}, signal),
    staleTime: 300_000,
  })

export const productsQuery = (active?: boolean) =>
  queryOptions({
    queryKey: ['products', { active }],
    queryFn: ({ signal }) => api.get('/api/cdm/products', { active }, signal),
    staleTime: 300_000,
  })

export const categoriesQuery = () =>
  queryOptions({
    queryKey: ['categories'],
    queryFn: ({ signal }) => api.get('/api/cdm/categories', {}, signal),
    staleTime: 300_000,
  })

/** How promises were kept in the last `days`. */
export const promisesQuery = (days: number) =>
  queryOptions({
    queryKey: ['promises', days],
    queryFn: ({ signal }) => api.get('/api/crm/team/promises', { days }, signal),
  })

export const followUpsQuery = () =>
  queryOptions({
    queryKey: ['tasks', 'followups'],
    queryFn: ({ signal }) => api.get('/api/crm/automation/tasks/my-followups', {}, signal),
  })

/** Customers by name or phone, and orders by number. */
export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    queryFn: ({ signal }) => api.get('/api/cdm/search', { q }, signal),
  })
