import { beforeEach, describe, expect, test, vi } from 'vitest'
import { auth, signIn, signOut } from '~/auth/session'
import { api, renewing } from './client'
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

describe('writes that create something', () => {
  const note = (text: string) => api.post('/api/cdm/customers/7/notes', { text })
  /** The keys sent, in order; `answers` are given in turn. */
  function sentKeys(...answers: (() => Response)[]): (string | undefined)[] {
    const keys: (string | undefined)[] = []
    vi.stubGlobal(
      'fetch',
      vi.fn(async (_: string, init: RequestInit) => {
        keys.push((init.headers as Record<string, string>)['idempotency-key'])
        const next = answers.shift()
        if (!next) throw new TypeError('failed')
        return next()
      }),
    )
    return keys
  }
  const ok = () => answer(200, { id: 1 })

  test('a double click is one write, a later one is another', async () => {
    vi.useFakeTimers()
    const keys = sentKeys(ok, ok, ok, ok)
    await Promise.all([note('a'), note('a')])
    await note('a')
    vi.advanceTimersByTime(2_001)
    await note('a')
    vi.useRealTimers()
    expect(keys[0]).toBeTruthy()
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).toBe(keys[0])
    expect(keys[3]).not.toBe(keys[0])
  })

  test('what was lost is sent again with its key, what was refused with a new one', async () => {
    const keys = sentKeys(
      () => answer(502, {}),
      () => answer(422, { code: 'too_long', detail: 'x' }),
      ok,
    )
    for (const _ of [1, 2]) await note('b').catch(() => {})
    await note('b')
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).not.toBe(keys[1])
  })

  test('another text is another write, and a switch has no key', async () => {
    const keys = sentKeys(ok, ok, ok)
    await note('c')
    await note('d')
    await api.post('/api/telephony/calls/1/mute')
    expect(keys[1]).not.toBe(keys[0])
    expect(keys[2]).toBeUndefined()
  })
})

test('while a change brings new tokens, nobody refreshes with an old one', async () => {
  let turn = Promise.resolve<unknown>(undefined)
  vi.stubGlobal('navigator', {
    locks: {
      request: (_: string, work: () => Promise<unknown>) => {
        turn = turn.then(work)
        return turn
      },
    },
  })
  const asked: string[] = []
  let ended = false
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      asked.push(url)
      const token = (init.headers as Record<string, string>).authorization
      if (ended && token === 'Bearer access-1') {
        return answer(401, { code: 'unauthenticated', detail: 'ended' })
      }
      return answer(200, { url })
    }),
  )
  let other: Promise<unknown> | undefined
  await renewing(async () => {
    ended = true
    // The server has ended the old tokens; another request meets that before the new ones are known.
    other = api.get('/api/cdm/categories')
    await vi.waitFor(() => expect(asked).toContain('/api/cdm/categories'))
    signIn(session(2))
  })
  expect(await other).toEqual({ url: '/api/cdm/categories' })
  expect(asked).not.toContain('/api/auth/refresh')
  expect(auth.get().refreshToken).toBe('refresh-2')
})
