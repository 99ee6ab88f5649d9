import { ApiError } from '~/api/error'
import { storage } from '~/lib/storage'
import type { Permission } from './phone'

const INPUT = 'phone.microphone'
const OUTPUT = 'phone.speaker'

/** What the agent chose to speak into and to listen with; empty: whatever the browser takes. */
export const devices = {
  input: () => storage.get(INPUT) ?? '',
  output: () => storage.get(OUTPUT) ?? '',
  chooseInput: (id: string) => storage.set(INPUT, id || null),
  chooseOutput: (id: string) => storage.set(OUTPUT, id || null),
}

/** A permission that must be asked for, and is asked where the agent expects it: on pressing Call. */
function refused(error: unknown): ApiError {
  const missing = error instanceof DOMException && error.name === 'NotFoundError'
  return new ApiError({
    status: 0,
    code: missing ? 'mic_missing' : 'mic_denied',
    detail: missing ? 'There is no microphone.' : 'The browser does not allow the microphone.',
  })
}

/** Opens the chosen microphone, or any if that one has been unplugged. */
async function listen(wanted: string): Promise<MediaStream> {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  if (wanted) {
    try {
      // Chromium takes the default one where a device is only `ideal`.
      return await navigator.mediaDevices.getUserMedia({
        audio: { ...audio, deviceId: { exact: wanted } },
      })
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'OverconstrainedError')) throw error
    }
  }
  return navigator.mediaDevices.getUserMedia({ audio })
}

/** The microphone: open only during calls, so that the browser's red dot tells the truth. */
export class Microphone {
  private stream: MediaStream | null = null
  private context: AudioContext | null = null
  private analyser: AnalyserNode | null = null
  private readonly onPermission: (permission: Permission) => void

  constructor(onPermission: (permission: Permission) => void) {
    this.onPermission = onPermission
  }

  async open(): Promise<MediaStream> {
    if (this.stream?.active) return this.stream
    if (!navigator.mediaDevices) throw refused(null)
    try {
      this.stream = await listen(devices.input())
    } catch (error) {
      if (error instanceof DOMException && error.name === 'NotAllowedError') {
        this.onPermission('denied')
      }
      throw refused(error)
    }
    this.onPermission('granted')
    this.context = new AudioContext()
    this.analyser = this.context.createAnalyser()
    this.analyser.fftSize = 512
    this.context.createMediaStreamSource(this.stream).connect(this.analyser)
    return this.stream
  }

  /** 0…1: how loud the agent is now; null while closed. */
  level(): number | null {
    if (!this.analyser) return null
    const samples = new Float32Array(this.analyser.fftSize)
    this.analyser.getFloatTimeDomainData(samples)
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length
    // Speech is around -40…-10 dB of full scale.
    const decibels = 10 * Math.log10(power + 1e-10)
    return Math.min(1, Math.max(0, (decibels + 60) / 55))
  }

  close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    void this.context?.close()
    this.stream = null
    this.context = null
    this.analyser = null
  }
}
