import { auth, reread, signIn, signOut } from '~/auth/session'
import { ApiError, problemOf } from './error'
import type { Session } from './types'

type Query = Record<string, string | number | boolean | null | undefined>

export interface RequestOptions {
  query?: Query
  /** Sent as JSON; a FormData goes out as it is. */
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Let the request finish when the page goes away (last autosave). */
  keepalive?: boolean
}

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return text ? `${path}?${text}` : path
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
  const token = auth.get().accessToken
  if (token) headers.authorization = `Bearer ${token}`
  let body: BodyInit | undefined
  if (options.body instanceof FormData) body = options.body
  else if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  try {
    return await fetch(withQuery(path, options.query), {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.keepalive ? { keepalive: true } : {}),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError({
      status: 0,
      code: 'network_error',
      detail: 'The server cannot be reached.',
    })
  }
}

let refreshing: Promise<boolean> | null = null

/**
 * New tokens, once for all requests that wait for them. A refresh token works once, so tabs take turns (Web
 * Locks) and a tab that finds newer tokens in storage uses those.
 */
function refresh(stale: string | null): Promise<boolean> {
  refreshing ??= exclusively(async () => {
    const known = reread()
    if (known.accessToken && known.accessToken !== stale) return true
    if (!known.refreshToken) return false
    const response = await send('POST', '/api/auth/refresh', {
      body: { refreshToken: known.refreshToken },
    })
    if (response.ok) {
      signIn((await response.json()) as Session)
      return true
    }
    if (response.status === 401) {
      signOut()
      return false
    }
    throw await problemOf(response)
  }).finally(() => {
    refreshing = null
  })
  return refreshing
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator && navigator.locks
    ? (navigator.locks.request('trustcart.refresh', work) as Promise<T>)
    : work()
}

/** One request; refreshes the tokens once when they have expired; anything but 2xx is an ApiError. */
export async function raw(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const used = auth.get().accessToken
  let response = await send(method, path, options)
  const anonymous = path === '/api/auth/login' || path === '/api/auth/refresh'
  if (response.status === 401 && used && !anonymous && (await refresh(used))) {
    response = await send(method, path, options)
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

async function json<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
  const response = await raw(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    json<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) }),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    json<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    json<T>('PUT', path, { ...options, body }),
  patch: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    json<T>('PATCH', path, { ...options, body }),
  delete: <T>(path: string, options?: RequestOptions) => json<T>('DELETE', path, options),
  /** A file that needs the token (a recording, rejected rows): the caller revokes the object URL. */
  blob: async (path: string) => (await raw('GET', path)).blob(),
}
