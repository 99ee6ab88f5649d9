import type { Call } from '~/api/types'

/**
 * The telephone as the desk sees it, outside React.
 *
 * What is *wanted* (a button was pressed) and what *is* (the server or the PBX said so) are kept apart: a
 * button that shows "muted" before the line is muted lets an agent speak to a customer who still listens.
 * One implementation talks to the server only (`ServerPhone`); a SIP phone adds the media and keeps this
 * interface.
 */
export type Permission = 'unknown' | 'granted' | 'denied'
export type Quality = 'unknown' | 'good' | 'fair' | 'poor'
/**
 * The telephone in this tab. `none`: calls need none here (the simulator, or a device of the agent's own);
 * `elsewhere`: another tab has it; `taken`: another device has it.
 */
export type Sip = 'none' | 'elsewhere' | 'connecting' | 'ready' | 'taken'
export type Switch = 'muted' | 'held' | 'recording'

export interface PhoneState {
  /** The call being made or held now; it stays, ended, until the next one starts. */
  call: Call | null
  /** Asked for but not yet confirmed by the call's own state. */
  wanted: Partial<Record<Switch, boolean>>
  /** A call is being started: the request is on its way. */
  dialing: boolean
  hangingUp: boolean
  /** A call that rings here. */
  incoming: Call | null
  /** What the telephone in this tab rings with: a caller, or a customer whom a colleague passes on. */
  ring: { callId: string; number: string } | null
  sip: Sip
  mic: Permission
  /** Input level 0…1, null where there is no media. */
  level: number | null
  quality: Quality
}

export interface DialRequest {
  taskId?: number
  /** A number edited by the agent; without it the task's own is dialled. */
  number?: string
  /** Although it is not the hour to ring customers: this one wants it. */
  outsideHours?: boolean
  /** The task's last call waits for its outcome, and the agent wants to call again before that. */
  again?: boolean
}

export interface Phone {
  get(): PhoneState
  subscribe(listener: () => void): () => void
  dial(request: DialRequest): Promise<void>
  hangup(): Promise<void>
  set(what: Switch, on: boolean): Promise<void>
  transfer(extension: string): Promise<void>
  /** Rings a colleague to speak with first; then `completeTransfer` or `cancelTransfer`. */
  consult(extension: string): Promise<void>
  completeTransfer(): Promise<void>
  cancelTransfer(): Promise<void>
  dtmf(digits: string): Promise<void>
  /** Whether an incoming call can be taken here, or only on the agent's own device. */
  readonly canAnswer: boolean
  answer(): Promise<void>
  /** Leaves an incoming call to others without ending it. */
  ignore(): void
  /** Takes over what the server knows: at start, after a reload, after a resync. */
  adopt(call: Call | null): void
  /** Asks the server how the open call stands, after events may have been missed. */
  refresh(): Promise<void>
  /** Takes the telephone from another device. */
  takeHere(): void
  /** The agent chose other devices. */
  devicesChanged(): void
  dispose(): void
}

export const LIVE_STATUSES: readonly Call['status'][] = ['initiated', 'ringing', 'answered']

/** The call still needs a telephone: it rings or talks. */
export function isOpen(call: Call | null | undefined): call is Call {
  return !!call && LIVE_STATUSES.includes(call.status)
}
