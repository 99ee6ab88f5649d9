import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import type { Call, SipLogin } from '~/api/types'
import { Microphone } from './mic'
import { type DialRequest, isOpen, LIVE_STATUSES } from './phone'
import { qualityOf, type Sample, sampleOf } from './quality'
import { Ringer } from './ringer'
import { type Events, ServerPhone } from './server-phone'
import { SipLine } from './sip-line'

/** How often a login is asked for again while the PBX is away, milliseconds. */
const AGAIN = [1000, 2000, 5000, 10_000]

/** Words for the desktop notification. */
export interface RingWords {
  title: string
}

/**
 * The telephone in the browser, where the server's telephone system has one: calls are still made and steered by
 * the server; this adds the audio. One tab of the browser holds it (Web Locks); the others follow by the server's
 * events, and one of them takes over when that tab closes.
 */
export class SipPhone extends ServerPhone {
  private line: SipLine | null = null
  private readonly mic = new Microphone((mic) => this.patch({ mic }))
  private readonly ringer = new Ringer()
  private readonly leaving = new AbortController()
  private readonly words: () => RingWords
  private letGo: () => void = () => {}
  private tries = 0
  /** The last call the server said is this person's. */
  private told: Call | null = null
  private meter: ReturnType<typeof setInterval> | undefined
  private judge: ReturnType<typeof setInterval> | undefined
  private readonly unfollow: () => void

  constructor(events: Events, userId: number, words: () => RingWords) {
    super(events, userId)
    this.words = words
    this.unfollow = this.subscribe(() => this.follow())
    if (userId && typeof navigator !== 'undefined' && navigator.locks)
      void this.hold(`phone.${userId}`)
  }

  override get canAnswer(): boolean {
    return this.get().ring !== null
  }

  override async dial(request: DialRequest): Promise<void> {
    const { sip } = this.get()
    if (sip === 'connecting' || sip === 'taken') {
      throw new ApiError({ status: 0, code: `phone_${sip}`, detail: 'The phone is not connected.' })
    }
    if (sip === 'ready') {
      // Asked here, where the agent expects it, and not when the customer is already on the line.
      await this.mic.open()
      if ('Notification' in window && Notification.permission === 'default') {
        void Notification.requestPermission()
      }
    }
    try {
      await super.dial(request)
    } catch (error) {
      if (!isOpen(this.get().call)) this.mic.close()
      throw error
    }
  }

  override async answer(): Promise<void> {
    const { ring } = this.get()
    if (ring) await this.line?.answer(ring.callId)
  }

  override ignore(): void {
    const { ring } = this.get()
    if (ring) this.line?.reject(ring.callId)
    super.ignore()
  }

  override adopt(call: Call | null): void {
    this.told = call
    super.adopt(call)
    void this.rejoin()
  }

  override takeHere(): void {
    this.tries = 0
    void this.connect()
  }

  override devicesChanged(): void {
    void this.line?.applySpeaker()
  }

  override dispose(): void {
    super.dispose()
    this.unfollow()
    this.leaving.abort()
    this.disconnect()
    this.letGo()
  }

  /** Waits for its turn among the tabs, and keeps it while the page lives. */
  private async hold(name: string): Promise<void> {
    const held = () =>
      new Promise<void>((done) => {
        this.letGo = done
        void this.connect()
      })
    try {
      const got = await navigator.locks.request(name, { ifAvailable: true }, (lock) => {
        if (!lock) return false
        return held().then(() => true)
      })
      if (got || this.leaving.signal.aborted) return
      this.patch({ sip: 'elsewhere' })
      await navigator.locks.request(name, { signal: this.leaving.signal }, held)
    } catch (error) {
      if (!this.leaving.signal.aborted) throw error
    }
  }

  private async connect(): Promise<void> {
    this.disconnect()
    let login: SipLogin | null | undefined
    try {
      login = (await api.post('/api/telephony/phone')).sip
    } catch (error) {
      // Another person's page, or one that is logged out, has no telephone.
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return
      this.patch({ sip: 'connecting' })
      this.again()
      return
    }
    if (this.leaving.signal.aborted) return
    if (!login) {
      this.patch({ sip: 'none' })
      this.letGo()
      return
    }
    this.extension = login.username
    // A call passed on to this person is known to be theirs only now.
    if (this.told?.transferredTo && isOpen(this.told)) {
      const call = await api.get(`/api/telephony/calls/${this.told.id}`).catch(() => null)
      if (call) super.adopt(call)
    }
    this.line = await SipLine.connect(login, this.mic, {
      state: (state) => {
        if (state === 'refused') {
          this.patch({ sip: 'connecting' })
          this.again()
          return
        }
        if (state === 'ready') this.tries = 0
        this.patch({ sip: state })
        if (state === 'ready') void this.rejoin()
      },
      ringing: (callId, number) => {
        this.patch({ ring: { callId, number } })
        this.ringer.ring(this.words().title, number)
      },
      quiet: (callId) => {
        this.ringer.stop()
        if (this.get().ring?.callId === callId) this.patch({ ring: null })
      },
      talking: (_, connection) => this.watch(connection),
      over: () => this.unwatch(),
    })
  }

  private disconnect(): void {
    this.ringer.stop()
    this.line?.stop()
    this.line = null
    this.unwatch()
  }

  private again(): void {
    const pause = AGAIN[Math.min(this.tries, AGAIN.length - 1)]
    this.tries += 1
    setTimeout(() => {
      if (!this.leaving.signal.aborted) void this.connect()
    }, pause)
  }

  /** After a reload or a lost network the server rings this telephone back into the call. */
  private async rejoin(): Promise<void> {
    const { call, sip, dialing } = this.get()
    if (sip !== 'ready' || dialing || !isOpen(call) || !call.capabilities.rejoin) return
    const id = call.externalCallId
    if (!id || !this.isMine(call)) return
    if (this.line?.has(id) && !this.line.isBroken(id)) return
    try {
      await api.post(`/api/telephony/calls/${call.id}/rejoin`)
    } catch (error) {
      // It ended meanwhile, or its telephone is only just being rung: the server tells what is.
      if (!(error instanceof ApiError)) throw error
    }
  }

  /** The audio does what the call's state says. */
  private follow(): void {
    const { call, wanted } = this.get()
    // A PBX that lost its power has not said good-bye.
    const over = call && !LIVE_STATUSES.includes(call.status)
    if (over && call.externalCallId) this.line?.drop(call.externalCallId)
    this.line?.mute(wanted.muted ?? (isOpen(call) && call.muted))
  }

  private watch(connection: RTCPeerConnection): void {
    this.unwatch()
    let before: Sample | null = null
    this.meter = setInterval(() => this.patch({ level: this.mic.level() }), 100)
    this.judge = setInterval(async () => {
      const stats = await connection.getStats().catch(() => null)
      if (!stats) return
      const entries: Record<string, unknown>[] = []
      stats.forEach((entry) => {
        entries.push(entry)
      })
      const now = sampleOf(entries)
      this.patch({ quality: qualityOf(before, now) })
      before = now
    }, 2000)
  }

  private unwatch(): void {
    clearInterval(this.meter)
    clearInterval(this.judge)
    this.patch({ level: null, quality: 'unknown' })
  }
}
