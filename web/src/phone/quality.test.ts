import { expect, test } from 'vitest'
import { qualityOf, sampleOf } from './quality'

const sample = (part: Partial<ReturnType<typeof sampleOf>> = {}) => ({
  received: 0,
  lost: 0,
  jitter: 0.005,
  roundTrip: 0.04,
  ...part,
})

test('a call is as good as its last seconds, not as its whole', () => {
  const bad = sample({ received: 900, lost: 100 })
  expect(qualityOf(sample(), bad)).toBe('poor')
  expect(qualityOf(bad, sample({ received: 1000, lost: 100 }))).toBe('good')
  expect(qualityOf(bad, sample({ received: 997, lost: 103 }))).toBe('fair')
})

test('slow is poor too, and silence says nothing', () => {
  expect(qualityOf(sample(), sample({ received: 100, roundTrip: 0.5 }))).toBe('poor')
  expect(qualityOf(sample(), sample())).toBe('unknown')
  expect(qualityOf(null, sample({ received: 100 }))).toBe('unknown')
})

test('what browsers report is found among their other figures', () => {
  const found = sampleOf([
    { type: 'outbound-rtp', packetsSent: 9 },
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: 7, packetsLost: 1, jitter: 0.002 },
    { type: 'candidate-pair', currentRoundTripTime: 0.03 },
  ])
  expect(found).toEqual({ received: 7, lost: 1, jitter: 0.002, roundTrip: 0.03 })
})
