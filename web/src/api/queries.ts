import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import { keys } from './keys'
import type { Role } from './types'

// Queries that more than one feature uses.

export const usersQuery = (role?: Role) =>
  queryOptions({
    queryKey: keys.usersOf(role),
    queryFn: ({ signal }) => api.get('/api/users', { role }, signal),
  })

export const directoryQuery = () =>
  queryOptions({
    queryKey: keys.directory,
    queryFn: ({ signal }) => api.get('/api/users/directory', {}, signal),
    staleTime: 300_000,
  })

export const productsQuery = (active?: boolean) =>
  queryOptions({
    queryKey: keys.productsOf(active),
    queryFn: ({ signal }) => api.get('/api/cdm/products', { active }, signal),
    staleTime: 300_000,
  })

export const categoriesQuery = () =>
  queryOptions({
    queryKey: keys.categories,
    queryFn: ({ signal }) => api.get('/api/cdm/categories', {}, signal),
    staleTime: 300_000,
  })

/** The districts to choose from; they do not change while the page is open. */
export const districtsQuery = () =>
  queryOptions({
    queryKey: keys.districts,
    queryFn: ({ signal }) => api.get('/api/cdm/districts', {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  })

/** How promises were kept in the last `days`. */
export const promisesQuery = (days: number) =>
  queryOptions({
    queryKey: keys.promisesOf(days),
    queryFn: ({ signal }) => api.get('/api/crm/team/promises', { days }, signal),
  })

export const followUpsQuery = () =>
  queryOptions({
    queryKey: keys.followUps,
    queryFn: ({ signal }) => api.get('/api/crm/automation/tasks/my-followups', {}, signal),
  })

/** Customers by name or phone, and orders by number. */
export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: keys.search(q),
    queryFn: ({ signal }) => api.get('/api/cdm/search', { q }, signal),
  })
