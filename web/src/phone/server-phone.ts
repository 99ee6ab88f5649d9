import { api } from '~/api/client'
import type { Call, LiveEvents } from '~/api/types'
import { createStore } from '~/lib/store'
import {
  type DialRequest,
  isOpen,
  LIVE_STATUSES,
  type Phone,
  type PhoneState,
  type Switch,
} from './phone'

export interface Events {
  on(
    type: 'call.updated',
    listener: (data: LiveEvents['call.updated'], at: string) => void,
  ): () => void
  on(
    type: 'call.incoming',
    listener: (data: LiveEvents['call.incoming'], at: string) => void,
  ): () => void
}

/** A caller of whom nothing more is reported is not shown longer than this: nobody rings so long. */
export const RINGS_AT_MOST_MS = 60_000

/** How far a call has come. */
function stage({ status }: Call): number {
  const at = LIVE_STATUSES.indexOf(status)
  return at < 0 ? LIVE_STATUSES.length : at
}

/** One request a switch: its path, on and off. */
const SWITCH: Record<Switch, (call: number, on: boolean) => Promise<Call>> = {
  muted: (call, on) => api.post(`/api/telephony/calls/${call}/${on ? 'mute' : 'unmute'}`),
  held: (call, on) => api.post(`/api/telephony/calls/${call}/${on ? 'hold' : 'unhold'}`),
  recording: (call, on) => api.post(`/api/telephony/calls/${call}/record`, { on }),
}

/**
 * The phone without media in the browser: the server's provider (the simulator, or a PBX that rings the
 * agent's own device) makes the call, and its events arrive by the realtime socket.
 */
export class ServerPhone implements Phone {
  get canAnswer(): boolean {
    return false
  }
  /** Calls passed on to it are this person's too; known once there is a telephone. */
  protected extension: string | null = null
  private readonly store = createStore<PhoneState>({
    call: null,
    wanted: {},
    dialing: false,
    hangingUp: false,
    incoming: null,
    ring: null,
    sip: 'none',
    mic: 'unknown',
    level: null,
    quality: 'unknown',
  })
  private readonly stops: (() => void)[]
  private readonly ignored = new Set<number>()
  /** Incoming calls that were shown long enough; a new offer shows them again. */
  private readonly expired = new Set<number>()
  private expiry: ReturnType<typeof setTimeout> | undefined
  private readonly userId: number

  constructor(events: Events, userId: number) {
    this.userId = userId
    this.stops = [
      events.on('call.updated', ({ call }) => this.apply(call)),
      events.on('call.incoming', ({ call }) => {
        this.expired.delete(call.id)
        this.apply(call)
      }),
    ]
    this.watchPermission()
  }

  get = () => this.store.get()
  subscribe = (listener: () => void) => this.store.subscribe(listener)

  async dial({ taskId, number, outsideHours, again }: DialRequest): Promise<void> {
    const state = this.get()
    if (state.dialing || isOpen(state.call)) return
    this.patch({ dialing: true })
    try {
      // The same key for a repeated press while this request runs: the customer's phone rings once.
      const started = await api.post(
        '/api/telephony/calls/initiate',
        {
          ...(taskId === undefined ? {} : { taskId }),
          ...(number === undefined ? {} : { customerPhone: number }),
          ...(outsideHours ? { outsideHours } : {}),
          ...(again ? { callAgain: true } : {}),
        },
        { headers: { 'idempotency-key': crypto.randomUUID() } },
      )
      this.apply(await api.get(`/api/telephony/calls/${started.telephonyCallId}`), true)
    } finally {
      this.patch({ dialing: false })
    }
  }

  async hangup(): Promise<void> {
    const { call } = this.get()
    if (!isOpen(call)) return
    this.patch({ hangingUp: true })
    try {
      this.apply(await api.post(`/api/telephony/calls/${call.id}/hangup`))
    } finally {
      this.patch({ hangingUp: false })
    }
  }

  async set(what: Switch, on: boolean): Promise<void> {
    const { call } = this.get()
    if (!isOpen(call)) return
    this.patch({ wanted: { ...this.get().wanted, [what]: on } })
    try {
      this.apply(await SWITCH[what](call.id, on))
    } finally {
      const { [what]: _, ...rest } = this.get().wanted
      this.patch({ wanted: rest })
    }
  }

  async transfer(extension: string): Promise<void> {
    const { call } = this.get()
    if (!isOpen(call)) return
    this.apply(await api.post(`/api/telephony/calls/${call.id}/transfer`, { extension }))
  }

  async consult(extension: string): Promise<void> {
    const { call } = this.get()
    if (!isOpen(call)) return
    this.apply(
      await api.post(`/api/telephony/calls/${call.id}/transfer`, { extension, consult: true }),
    )
  }

  async completeTransfer(): Promise<void> {
    const { call } = this.get()
    if (isOpen(call))
      this.apply(await api.post(`/api/telephony/calls/${call.id}/transfer/complete`))
  }

  async cancelTransfer(): Promise<void> {
    const { call } = this.get()
    if (isOpen(call)) this.apply(await api.post(`/api/telephony/calls/${call.id}/transfer/cancel`))
  }

  async dtmf(digits: string): Promise<void> {
    const { call } = this.get()
    if (!isOpen(call)) return
    await api.post(`/api/telephony/calls/${call.id}/dtmf`, { digits })
  }

  async answer(): Promise<void> {
    // Taken on the agent's own device; the PBX reports it and `call.updated` moves the call here.
  }

  ignore(): void {
    const { incoming } = this.get()
    if (incoming) this.ignored.add(incoming.id)
    this.patch({ incoming: null })
  }

  adopt(call: Call | null): void {
    const known = this.get().call
    // Passed on, it goes on without this person.
    if (!call || (call.transferredTo && !this.isMine(call))) {
      if (isOpen(known)) this.patch({ call: null, wanted: {} })
    } else if (!known || known.id === call.id || isOpen(call)) {
      // An older call that waits for its outcome does not take the place of the last one made here.
      this.apply(call, true)
    }
  }

  async refresh(): Promise<void> {
    const { call } = this.get()
    if (isOpen(call)) this.apply(await api.get(`/api/telephony/calls/${call.id}`))
  }

  takeHere(): void {
    // There is no telephone here.
  }

  devicesChanged(): void {
    // There is no audio here.
  }

  dispose(): void {
    clearTimeout(this.expiry)
    for (const stop of this.stops) stop()
  }

  /** Shows an incoming call, for a while: its end may never be reported. */
  private showIncoming(call: Call): void {
    if (this.get().incoming?.id !== call.id) {
      clearTimeout(this.expiry)
      this.expiry = setTimeout(() => this.expire(call.id), RINGS_AT_MOST_MS)
    }
    this.patch({ incoming: call })
  }

  private expire(id: number): void {
    const { incoming, ring } = this.get()
    if (incoming?.id !== id) return
    if (ring) {
      // The telephone here does ring.
      this.expiry = setTimeout(() => this.expire(id), RINGS_AT_MOST_MS)
      return
    }
    this.expired.add(id)
    this.patch({ incoming: null })
  }

  /** `mine`: this tab asked for the call, so it takes the place of any other. */
  private apply(call: Call, mine = false): void {
    const state = this.get()
    if (state.incoming?.id === call.id || (call.direction === 'inbound' && isOpen(call))) {
      const ringing = call.status === 'initiated' || call.status === 'ringing'
      // It went on to a colleague who is free.
      const elsewhere = call.agentUserId !== this.userId
      const hidden = this.ignored.has(call.id) || this.expired.has(call.id)
      if (ringing && !elsewhere && state.call?.id !== call.id) {
        // Put aside or shown long enough, it still is nobody's call here.
        if (!hidden) this.showIncoming(call)
        return
      }
      if (state.incoming?.id === call.id) this.patch({ incoming: null })
    }
    const known = state.call
    if (known?.id === call.id && call.transferredTo && !this.isMine(call)) {
      // A colleague talks now.
      this.patch({ call: null, wanted: {} })
      return
    }
    if (known?.id === call.id) {
      // Answers and events race; a call never goes back, least of all from its end.
      if (stage(call) < stage(known)) return
      this.patch({ call })
      return
    }
    const forMe = mine || this.isMine(call)
    if (forMe && isOpen(call) && (mine || !isOpen(known))) this.patch({ call, wanted: {} })
    else if (mine && !isOpen(known)) this.patch({ call, wanted: {} })
  }

  /** Whether this person talks: after a transfer the colleague does. */
  protected isMine(call: Call): boolean {
    if (call.transferredTo) return call.transferredTo === this.extension
    return call.agentUserId === this.userId
  }

  protected patch(part: Partial<PhoneState>): void {
    this.store.set((state) => ({ ...state, ...part }))
  }

  private watchPermission(): void {
    if (typeof navigator === 'undefined' || !navigator.permissions?.query) return
    navigator.permissions
      .query({ name: 'microphone' as PermissionName })
      .then((status) => {
        const read = () =>
          this.patch({ mic: status.state === 'prompt' ? 'unknown' : (status.state as 'granted') })
        read()
        status.onchange = read
      })
      .catch(() => {
        // The browser does not tell: it stays unknown.
      })
  }
}
