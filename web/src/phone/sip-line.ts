import type { UA } from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRequest } from 'jssip/lib/SIPMessage'
import type { SipLogin } from '~/api/types'
import { devices, type Microphone } from './mic'

/** Header that says which call of ours an INVITE is about: its `externalCallId`. */
const CALL_HEADER = 'X-Trustcart-Call'
/** Reaching the PBX again after a lost network, seconds. */
const RECOVERY = { connection_recovery_min_interval: 1, connection_recovery_max_interval: 5 }

export type LineState = 'connecting' | 'ready' | 'taken' | 'refused'

export interface LineEvents {
  state(state: LineState): void
  /** Rings, and waits for `answer` or `reject`. */
  ringing(callId: string, number: string): void
  /** Rings no more, whatever became of it. */
  quiet(callId: string): void
  talking(callId: string, connection: RTCPeerConnection): void
  over(callId: string): void
}

/**
 * A SIP telephone on a secure WebSocket (JsSIP): registered, it takes the calls the PBX sends. The agent's own
 * calls are answered by themselves, because the agent pressed Call; all others ring. It never hangs up when the
 * page goes away: the PBX keeps the customer, and the next page takes the call up again.
 */
export class SipLine {
  private readonly ua: UA
  private readonly mic: Microphone
  private readonly events: LineEvents
  private readonly sessions = new Map<string, RTCSession>()
  private readonly audio = document.createElement('audio')
  private registered = false
  private muted = false
  private stopped = false

  static async connect(login: SipLogin, mic: Microphone, events: LineEvents): Promise<SipLine> {
    const { default: JsSIP } = await import('jssip')
    const socket = new JsSIP.WebSocketInterface(login.wsUrl)
    const ua = new JsSIP.UA({
      sockets: [socket],
      uri: login.uri,
      password: login.password,
      authorization_user: login.username,
      register_expires: 120,
      session_timers: false,
      user_agent: 'trustcart',
      ...RECOVERY,
    })
    const line = new SipLine(ua, mic, events)
    ua.start()
    return line
  }

  private constructor(ua: UA, mic: Microphone, events: LineEvents) {
    this.ua = ua
    this.mic = mic
    this.events = events
    this.audio.autoplay = true
    this.audio.dataset.phone = ''
    document.body.append(this.audio)
    events.state('connecting')
    ua.on('disconnected', () => this.say('connecting'))
    ua.on('registered', () => {
      this.registered = true
      this.say('ready')
    })
    ua.on('registrationFailed', (event: { response?: { status_code?: number } }) => {
      const status = event.response?.status_code
      // A good login that is good no longer: another device has asked for one.
      if (status === 401 || status === 403) this.say(this.registered ? 'taken' : 'refused')
      else this.later(() => ua.register())
    })
    ua.on(
      'newRTCSession',
      (event: { originator: string; session: RTCSession; request: IncomingRequest }) => {
        if (event.originator === 'remote') this.invited(event.session, event.request)
      },
    )
  }

  /** Whether a call is talking or ringing here. */
  has(callId: string): boolean {
    return this.sessions.has(callId)
  }

  /** Whether that call's audio has broken down. */
  isBroken(callId: string): boolean {
    const state = this.sessions.get(callId)?.connection?.iceConnectionState
    return state === 'failed' || state === 'disconnected' || state === 'closed'
  }

  async answer(callId: string): Promise<void> {
    const session = this.sessions.get(callId)
    if (session) await this.take(callId, session)
  }

  reject(callId: string): void {
    const session = this.sessions.get(callId)
    if (session && !session.isEnded()) session.terminate({ status_code: 486 })
  }

  /** The call is over, by what the server knows. */
  drop(callId: string): void {
    const session = this.sessions.get(callId)
    if (session && !session.isEnded()) session.terminate()
  }

  /** What the agent says goes nowhere, at once: before the server has heard of it. */
  mute(on: boolean): void {
    this.muted = on
    for (const session of this.sessions.values()) this.applyMute(session)
  }

  /** Listens with the device chosen last. */
  async applySpeaker(): Promise<void> {
    const wanted = devices.output()
    await this.audio.setSinkId?.(wanted).catch(() => {
      // It was unplugged: the browser's own choice stays.
    })
  }

  stop(): void {
    this.stopped = true
    this.ua.stop()
    this.audio.remove()
    this.mic.close()
  }

  private say(state: LineState): void {
    if (!this.stopped) this.events.state(state)
  }

  private later(work: () => void): void {
    setTimeout(() => {
      if (!this.stopped) work()
    }, 3000)
  }

  private invited(session: RTCSession, request: IncomingRequest): void {
    const callId =
      (request.getHeader(CALL_HEADER) as string | undefined) ??
      (request.getHeader('Call-ID') as string)
    const own = /alert-autoanswer/.test((request.getHeader('Alert-Info') as string) ?? '')
    const other = [...this.sessions.keys()].some((id) => id !== callId)
    if (other) {
      session.terminate({ status_code: 486 })
      return
    }
    // A second telephone leg of the same call takes the place of the first, which the PBX ends.
    this.sessions.set(callId, session)
    const over = () => {
      this.events.quiet(callId)
      if (this.sessions.get(callId) !== session) return
      this.sessions.delete(callId)
      if (this.sessions.size === 0) this.mic.close()
      this.events.over(callId)
    }
    session.on('ended', over)
    session.on('failed', over)
    if (own) void this.take(callId, session)
    else this.events.ringing(callId, session.remote_identity?.uri.user ?? '')
  }

  private async take(callId: string, session: RTCSession): Promise<void> {
    this.events.quiet(callId)
    let stream: MediaStream
    try {
      stream = await this.mic.open()
    } catch (error) {
      if (!session.isEnded()) session.terminate({ status_code: 480 })
      throw error
    }
    if (session.isEnded()) return
    session.on('peerconnection', ({ peerconnection }) => {
      peerconnection.addEventListener('track', (event: RTCTrackEvent) => {
        this.audio.srcObject = event.streams[0] ?? new MediaStream([event.track])
        void this.applySpeaker()
      })
    })
    // Waiting for every candidate would delay the answer by seconds; the near ones come at once.
    let patience: ReturnType<typeof setTimeout> | undefined
    session.on('icecandidate', ({ ready }) => {
      clearTimeout(patience)
      patience = setTimeout(ready, 150)
    })
    session.on('confirmed', () => {
      this.applyMute(session)
      this.events.talking(callId, session.connection)
    })
    session.answer({ mediaStream: stream, pcConfig: { iceServers: [] } })
  }

  private applyMute(session: RTCSession): void {
    if (!session.isEstablished()) return
    if (this.muted) session.mute({ audio: true })
    else session.unmute({ audio: true })
  }
}
