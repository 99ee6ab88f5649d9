import { useEffect, useRef } from 'react'
import { api } from '~/api/client'
import type { LiveEvents } from '~/api/types'
import { useStore } from '~/lib/store'
import { type Connection, LiveSocket } from './socket'

/** The socket of this tab; the app shell starts it after login and stops it at logout. */
export const live = new LiveSocket({
  ticket: () => api.post('/api/realtime/ticket'),
  url: (ticket, since) => {
    const url = new URL('/api/realtime', location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    url.searchParams.set('ticket', ticket)
    url.searchParams.set('since', String(since))
    return url.href
  },
})

export function useConnection(): Connection {
  return useStore(live.state)
}

/** Calls `listener` for every event of `type` while the component is there. */
export function useLive<K extends keyof LiveEvents>(
  type: K,
  listener: (data: LiveEvents[K], at: string, seq: number) => void,
): void {
  const current = useRef(listener)
  current.current = listener
  useEffect(() => live.on(type, (data, at, seq) => current.current(data, at, seq)), [type])
}
