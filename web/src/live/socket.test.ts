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
    ticket: async () => ({ ticket: 't', seq: 10, gaps: [8] }),
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

test('what was fetched contains is not told again, but for what was still under way', async () => {
  const got: number[] = []
  live.on('plan.generated', (_, __, seq) => got.push(seq))
  expect(live.placed.get()).toBe(false)
  live.start()
  await settle()
  expect(live.placed.get()).toBe(true)
  last().say({ type: 'hello', seq: 10 })
  for (const seq of [7, 8, 9, 10, 11, 8]) {
    last().say({ seq, type: 'plan.generated', at: '', data: { created: seq } })
  }
  expect(got).toEqual([8, 11])
})

test('pages do not wait for a server that does not answer; they are fetched again once it does', async () => {
  live.stop()
  const resync = vi.fn()
  const ticket = vi.fn().mockRejectedValueOnce(new Error('down'))
  ticket.mockResolvedValue({ ticket: 't', seq: 10, gaps: [] })
  live = new LiveSocket({
    ticket,
    url: () => '',
    socket: () => new FakeSocket('') as unknown as WebSocket,
    random: () => 1,
  })
  live.on('resync', resync)
  live.start()
  await settle()
  expect(live.placed.get()).toBe(true)
  expect(resync).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(500)
  expect(resync).toHaveBeenCalledOnce()
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
