import type { LiveEvents } from '~/api/types'
import { createStore } from '~/lib/store'

/**
 * The one WebSocket to the server.
 *
 * Every event has a sequence number. After a lost connection the socket asks for what came `since` the last
 * one it has seen; the server repeats a little more than that, so each number is taken once. When too much
 * was missed the server says `resync`, and the listeners fetch everything again.
 *
 * The first ticket comes before the pages are fetched, so they contain every event up to its number: these
 * are dropped when the server repeats them.
 */
export type Connection = 'off' | 'connecting' | 'online' | 'lost'

type Listener = (data: never, at: string, seq: number) => void

export interface LiveOptions {
  /** `gaps`: numbers below `seq` whose events are still to come. */
  ticket(): Promise<{ ticket: string; seq: number; gaps: number[] }>
  url(ticket: string, since: number): string
  socket?(url: string): WebSocket
  /** 0…1, for the jitter of the back-off. */
  random?(): number
}

/** Numbers remembered for leaving out repeats; more than the server ever repeats. */
const REMEMBERED = 4096
/** The server pings every 20 s at protocol level, invisible here; a socket silent for ever is caught on send. */
const FIRST_DELAY = 500
const LONGEST_DELAY = 15_000

export class LiveSocket {
  readonly state = createStore<Connection>('off')
  /** The place among the events is known, or cannot be had now: pages may be fetched. */
  readonly placed = createStore(false)
  private socket: WebSocket | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private generation = 0
  private seq: number | null = null
  /** Events up to this one are in what was fetched, but for the gaps. */
  private from = 0
  private gaps: ReadonlySet<number> = new Set()
  private readonly seen = new Set<number>()
  private readonly listeners = new Map<string, Set<Listener>>()
  private readonly options: LiveOptions

  constructor(options: LiveOptions) {
    this.options = options
  }

  start(): void {
    if (this.state.get() !== 'off') return
    this.state.set('connecting')
    void this.connect()
  }

  /** Ends the connection and forgets the position: the next start may be another person. */
  stop(): void {
    this.generation += 1
    clearTimeout(this.timer)
    this.socket?.close()
    this.socket = null
    this.seq = null
    this.placed.set(false)
    this.seen.clear()
    this.failures = 0
    this.state.set('off')
  }

  /** Tries at once instead of waiting for the back-off (the network came back, the tab was woken). */
  nudge(): void {
    if (this.state.get() !== 'lost' || this.socket) return
    clearTimeout(this.timer)
    void this.connect()
  }

  on<K extends keyof LiveEvents>(
    type: K,
    listener: (data: LiveEvents[K], at: string, seq: number) => void,
  ): () => void
  on(type: 'resync', listener: () => void): () => void
  on(type: string, listener: Listener): () => void {
    const set = this.listeners.get(type) ?? new Set()
    this.listeners.set(type, set)
    set.add(listener)
    return () => set.delete(listener)
  }

  private async connect(): Promise<void> {
    const generation = ++this.generation
    try {
      const { ticket, seq, gaps } = await this.options.ticket()
      if (generation !== this.generation) return
      if (this.seq === null) {
        this.from = seq
        this.gaps = new Set(gaps)
        // The first ticket came late: the pages were fetched before it.
        if (this.placed.get()) this.emit('resync', undefined, '', seq)
        this.placed.set(true)
      }
      const since = this.seq ?? seq
      this.seq = since
      const url = this.options.url(ticket, since)
      const socket = this.options.socket?.(url) ?? new WebSocket(url)
      this.socket = socket
      socket.onmessage = (event) => this.receive(String(event.data))
      socket.onclose = () => this.lost(generation)
      socket.onerror = () => socket.close()
    } catch {
      this.lost(generation)
    }
  }

  private lost(generation: number): void {
    if (generation !== this.generation) return
    this.socket = null
    this.placed.set(true)
    this.state.set('lost')
    const random = this.options.random ?? Math.random
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.failures)
    this.failures += 1
    this.timer = setTimeout(() => void this.connect(), delay * (0.5 + random() / 2))
  }

  private receive(text: string): void {
    let frame: { seq?: number; type: string; at?: string; data?: unknown }
    try {
      frame = JSON.parse(text)
    } catch {
      return
    }
    if (frame.type === 'hello') {
      this.failures = 0
      this.state.set('online')
      return
    }
    if (frame.type === 'resync') {
      if (typeof frame.seq === 'number') this.seq = frame.seq
      this.emit('resync', undefined, '', this.seq ?? 0)
      return
    }
    if (typeof frame.seq !== 'number' || this.seen.has(frame.seq)) return
    if (frame.seq <= this.from && !this.gaps.has(frame.seq)) return
    this.seen.add(frame.seq)
    if (this.seen.size > REMEMBERED) {
      const oldest = this.seen.values().next().value
      if (oldest !== undefined) this.seen.delete(oldest)
    }
    this.seq = Math.max(this.seq ?? 0, frame.seq)
    this.emit(frame.type, frame.data, frame.at ?? '', frame.seq)
  }

  private emit(type: string, data: unknown, at: string, seq: number): void {
    for (const listener of [...(this.listeners.get(type) ?? [])]) {
      ;(listener as (data: unknown, at: string, seq: number) => void)(data, at, seq)
    }
  }
}
