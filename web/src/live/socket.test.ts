import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LiveSocket } from './socket'

class FakeSocket {
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  onerror: (() => void) | null = null
  readonly url: string
  constructor(url: string) {
    this.url = url
  }
  close() {
    this.onclose?.()
  }
  say(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

let sockets: FakeSocket[]
let live: LiveSocket
const last = () => sockets[sockets.length - 1] as FakeSocket

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  live = new LiveSocket({
    ticket: async () => ({ ticket: 't', seq: 10 }),
    url: (ticket, since) => `${ticket}:${since}`,
    socket: (url) => {
      const socket = new FakeSocket(url)
      sockets.push(socket)
      return socket as unknown as WebSocket
    },
    random: () => 1,
  })
})
afterEach(() => {
  live.stop()
  vi.useRealTimers()
})

const settle = () => vi.advanceTimersByTimeAsync(0)

test('resumes from the last number seen and takes each event once', async () => {
  const got: number[] = []
  live.on('plan.generated', (data) => got.push(data.created))
  live.start()
  await settle()
  expect(last().url).toBe('t:10')
  last().say({ type: 'hello', seq: 10 })
  expect(live.state.get()).toBe('online')
  last().say({ seq: 12, type: 'plan.generated', at: '', data: { created: 12 } })
  // Committed later under an earlier number: still taken.
  last().say({ seq: 11, type: 'plan.generated', at: '', data: { created: 11 } })
  last().close()
  expect(live.state.get()).toBe('lost')
  await vi.advanceTimersByTimeAsync(500)
  expect(last().url).toBe('t:12')
  last().say({ type: 'hello', seq: 13 })
  last().say({ seq: 11, type: 'plan.generated', at: '', data: { created: 11 } })
  last().say({ seq: 12, type: 'plan.generated', at: '', data: { created: 12 } })
  last().say({ seq: 13, type: 'plan.generated', at: '', data: { created: 13 } })
  expect(got).toEqual([12, 11, 13])
})

test('waits longer after each failure and starts afresh once online', async () => {
  live.start()
  await settle()
  last().close()
  await vi.advanceTimersByTimeAsync(499)
  expect(sockets).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(sockets).toHaveLength(2)
  last().close()
  await vi.advanceTimersByTimeAsync(999)
  expect(sockets).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(sockets).toHaveLength(3)
  last().say({ type: 'hello', seq: 10 })
  last().close()
  await vi.advanceTimersByTimeAsync(500)
  expect(sockets).toHaveLength(4)
})

test('passes a resync on, and is silent after stop', async () => {
  const resync = vi.fn()
  live.on('resync', resync)
  live.start()
  await settle()
  last().say({ type: 'resync' })
  expect(resync).toHaveBeenCalledOnce()
  live.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(sockets).toHaveLength(1)
  expect(live.state.get()).toBe('off')
})
