import type { Quality } from './phone'

/** What `getStats` says about a moment of a call. */
export interface Sample {
  received: number
  lost: number
  /** Seconds. */
  jitter: number
  /** Seconds there and back; null while nothing has come back. */
  roundTrip: number | null
}

export function sampleOf(stats: Iterable<Record<string, unknown>>): Sample {
  const sample: Sample = { received: 0, lost: 0, jitter: 0, roundTrip: null }
  const number = (value: unknown) => (typeof value === 'number' ? value : null)
  for (const entry of stats) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') {
      sample.received = number(entry.packetsReceived) ?? 0
      sample.lost = number(entry.packetsLost) ?? 0
      sample.jitter = number(entry.jitter) ?? 0
    }
    if (entry.type === 'remote-inbound-rtp' || entry.type === 'candidate-pair') {
      sample.roundTrip =
        number(entry.roundTripTime) ?? number(entry.currentRoundTripTime) ?? sample.roundTrip
    }
  }
  return sample
}

/**
 * How the call sounds, from what happened between two samples. Thresholds after ITU-T G.107's planning values:
 * above 2 % loss or 250 ms there and back people notice, above 6 % or 450 ms they ask again.
 */
export function qualityOf(before: Sample | null, now: Sample): Quality {
  if (!before) return 'unknown'
  const received = now.received - before.received
  const lost = Math.max(0, now.lost - before.lost)
  // On hold, or the far end is silent: nothing to judge.
  if (received + lost === 0) return 'unknown'
  const loss = lost / (received + lost)
  const roundTrip = now.roundTrip ?? 0
  if (loss > 0.06 || roundTrip > 0.45 || now.jitter > 0.08) return 'poor'
  if (loss > 0.02 || roundTrip > 0.25 || now.jitter > 0.03) return 'fair'
  return 'good'
}
