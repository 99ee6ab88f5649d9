import { beforeEach, expect, test, vi } from 'vitest'
import { auth, signIn, signOut } from '~/auth/session'
import { api } from './client'
import { ApiError } from './error'
import type { Me, Session } from './types'

const user: Me = {
  id: 7,
  login: 'agent1',
  name: 'Agent',
  role: 'agent',
  language: 'bn',
  theme: 'system',
}
const session = (n: number): Session => ({
  accessToken: `access-${n}`,
  refreshToken: `refresh-${n}`,
  expiresIn: 900,
  user,
})
const answer = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' },
  })

beforeEach(() => {
  signOut()
  signIn(session(1))
})

test('an expired token is refreshed once for all requests that meet it', async () => {
  let refreshes = 0
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      if (url === '/api/auth/refresh') {
        refreshes += 1
        await Promise.resolve()
        return answer(200, session(2))
      }
      const token = (init.headers as Record<string, string>).authorization
      return token === 'Bearer access-2'
        ? answer(200, { url })
        : answer(401, { code: 'unauthenticated', detail: 'expired' })
    }),
  )
  const both = await Promise.all([api.get('/api/auth/me'), api.get('/api/cdm/categories')])
  expect(both).toEqual([{ url: '/api/auth/me' }, { url: '/api/cdm/categories' }])
  expect(refreshes).toBe(1)
  expect(auth.get().refreshToken).toBe('refresh-2')
})

test('a refused refresh logs out and the error reaches the caller', async () => {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => answer(401, { code: 'unauthenticated', detail: 'expired' })),
  )
  await expect(api.get('/api/auth/me')).rejects.toMatchObject({
    code: 'unauthenticated',
    status: 401,
  })
  expect(auth.get().user).toBeNull()
})

test('a problem keeps its code, field and what is allowed', async () => {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () =>
      answer(422, {
        code: 'outcome_required',
        detail: 'Say how it ended.',
        field: 'outcome',
        allowed: ['ordered'],
      }),
    ),
  )
  const error = await api.put('/api/crm/desk/wrap-ups/1', {}).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({
    code: 'outcome_required',
    field: 'outcome',
    allowed: ['ordered'],
    status: 422,
  })
})

test('a server that cannot be reached is a network_error', async () => {
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => {
      throw new TypeError('failed')
    }),
  )
  await expect(api.get('/api/auth/me')).rejects.toMatchObject({
    code: 'network_error',
    offline: true,
  })
})
