import { auth, reread, signIn, signOut } from '~/auth/session'
import { ApiError, problemOf } from './error'
import type { Routes } from './gen/routes.gen'
import { once } from './once'
import type { Session } from './types'

type Query = object
type Method = keyof Routes
/** The addresses that take a method; `/api/cdm/orders/${number}` stands for each order's. */
export type PathOf<M extends Method> = keyof Routes[M] & string
type Part<M extends Method, P extends PathOf<M>, What extends string> =
  Routes[M][P] extends Record<What, infer T> ? T : never
/** What a method on a path answers, by the server's API document. */
export type AnswerOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'answer'>
/** What it takes. */
export type BodyOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'body'>
export type QueryOf<M extends Method, P extends PathOf<M>> = Part<M, P, 'query'>

export interface RequestOptions {
  query?: Query
  /** Sent as JSON; a FormData goes out as it is. */
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** False: a 401 is an error, tokens are not refreshed. */
  refresh?: boolean
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

/**
 * Runs a change that ends all tokens and brings new ones; its request must not refresh (`refresh: false`). No
 * other request refreshes meanwhile: it would use an ended token and log the person out.
 */
export async function renewing<T>(change: () => Promise<T>): Promise<T> {
  // Refreshes if the access token has expired.
  await api.get('/api/auth/me')
  return exclusively(change)
}

function exclusively<T>(work: () => Promise<T>): Promise<T> {
  return 'locks' in navigator && navigator.locks
    ? (navigator.locks.request('trustcart.refresh', work) as Promise<T>)
    : work()
}

/**
 * One request; refreshes the tokens once when they have expired; anything but 2xx is an ApiError. What creates
 * something is sent with an `Idempotency-Key`, and with the same one again until its answer is known.
 */
export async function raw(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const write =
    method === 'POST'
      ? once(auth.get().user?.id, withQuery(path, options.query), options.body)
      : null
  if (!write || options.headers?.['idempotency-key']) return attempt(method, path, options)
  const headers = { ...options.headers, 'idempotency-key': write.key }
  try {
    const response = await attempt(method, path, { ...options, headers })
    write.settle('answered')
    return response
  } catch (error) {
    const unknown = !(error instanceof ApiError) || error.offline || error.status >= 500
    write.settle(unknown || error.code === 'request_in_progress' ? 'lost' : 'refused')
    throw error
  }
}

async function attempt(method: string, path: string, options: RequestOptions): Promise<Response> {
  const used = auth.get().accessToken
  let response = await send(method, path, options)
  const anonymous = path === '/api/auth/login' || path === '/api/auth/refresh'
  const renewable = used && !anonymous && options.refresh !== false
  if (response.status === 401 && renewable && (await refresh(used))) {
    response = await send(method, path, options)
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

async function json<T>(method: Method, path: string, options?: RequestOptions): Promise<T> {
  const response = await raw(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

type Sent<M extends Method, P extends PathOf<M>> =
  undefined extends BodyOf<M, P>
    ? [body?: BodyOf<M, P>, options?: RequestOptions]
    : [body: BodyOf<M, P>, options?: RequestOptions]

const sender =
  <M extends 'POST' | 'PUT' | 'PATCH'>(method: M) =>
  <P extends PathOf<M>>(path: P, ...[body, options]: Sent<M, P>) =>
    json<AnswerOf<M, P>>(method, path, { ...options, body })

/** The API. Types follow from the address: `./gen` is made from the server's own document. */
export const api = {
  get: <P extends PathOf<'GET'>>(path: P, query?: QueryOf<'GET', P>, signal?: AbortSignal) =>
    json<AnswerOf<'GET', P>>('GET', path, {
      ...(query ? { query } : {}),
      ...(signal ? { signal } : {}),
    }),
  post: sender('POST'),
  put: sender('PUT'),
  patch: sender('PATCH'),
  delete: <P extends PathOf<'DELETE'>>(path: P) => json<AnswerOf<'DELETE', P>>('DELETE', path),
  /** A file that needs the token (a recording, rejected rows): the caller revokes the object URL. */
  blob: async (path: PathOf<'GET'>) => (await raw('GET', path)).blob(),
}
