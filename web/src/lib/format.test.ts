import { afterEach, describe, expect, test } from 'vitest'
import * as f from './format'

describe('money', () => {
  test.each([
    [1423000, '৳14,230', '৳১৪,২৩০'],
    [0, '৳0', '৳০'],
    [123456789, '৳12,34,567.89', '৳১২,৩৪,৫৬৭.৮৯'],
    [1000000000, '৳1,00,00,000', '৳১,০০,০০,০০০'],
    [-5005, '−৳50.05', '−৳৫০.০৫'],
    [99900, '৳999', '৳৯৯৯'],
  ])('%d poisha', (poisha, en, bn) => {
    expect(f.money(poisha, 'en')).toBe(en)
    expect(f.money(poisha, 'bn')).toBe(bn)
  })
})

test('numbers are grouped the Indian way', () => {
  expect(f.number(1234567, 'en')).toBe('12,34,567')
  expect(f.number(100000, 'bn')).toBe('১,০০,০০০')
  expect(f.number(2.5, 'en')).toBe('2.5')
})

test('phones of Bangladesh are shown locally, others stay', () => {
  expect(f.phone('+8801712345678', 'en')).toBe('01712-345678')
  expect(f.phone('+8801712345678', 'bn')).toBe('০১৭১২-৩৪৫৬৭৮')
  expect(f.phone('+442079460000', 'en')).toBe('+442079460000')
})

test('digits go both ways', () => {
  expect(f.latinDigits('০১৭১২ 345')).toBe('01712 345')
  expect(f.digits('2026', 'bn')).toBe('২০২৬')
})

test('days are counted in the company zone, not in the browser’s', () => {
  // 20:00 UTC on the 20th is already the 21st in Dhaka.
  const now = new Date('2026-11-20T20:00:00Z')
  expect(f.daysAgo('2026-10-30', 'bn', now)).toBe('২২ দিন আগে')
  expect(f.daysAgo('2026-11-21', 'en', now)).toBe('today')
  expect(f.daysAgo('2026-11-20T17:00:00Z', 'en', now)).toBe('yesterday')
  expect(f.daysAgo('2026-11-25', 'bn', now)).toBe('৪ দিন পরে')
})

test('dates and hours', () => {
  expect(f.date('2026-11-21', 'en')).toBe('21 Nov 2026')
  expect(f.date('2026-11-21', 'bn')).toContain('২১')
  expect(f.time('2026-11-21T04:30:00Z', 'en')).toBe('10:30')
  expect(f.time('2026-11-21T04:30:00Z', 'bn')).toBe('১০:৩০')
  expect(f.zoned('2026-11-22', 10).toISOString()).toBe('2026-11-22T04:00:00.000Z')
  expect(f.addDays('2026-12-31', 1)).toBe('2027-01-01')
})

describe('in the company zone, whatever the browser’s', () => {
  afterEach(() => f.setZone('Asia/Dhaka'))

  const cases: [zone: string, civil: string, hour: number, minute: number, instant: string][] = [
    ['Asia/Dhaka', '2026-11-21', 10, 0, '2026-11-21T04:00:00.000Z'],
    ['Asia/Kolkata', '2026-11-21', 10, 0, '2026-11-21T04:30:00.000Z'],
    ['Europe/London', '2026-11-21', 10, 0, '2026-11-21T10:00:00.000Z'],
    ['Europe/London', '2026-07-01', 10, 0, '2026-07-01T09:00:00.000Z'],
    // The days on which clocks change, before and after the change.
    ['Europe/London', '2026-03-29', 0, 30, '2026-03-29T00:30:00.000Z'],
    ['Europe/London', '2026-03-29', 10, 0, '2026-03-29T09:00:00.000Z'],
    ['Europe/London', '2026-10-25', 0, 30, '2026-10-24T23:30:00.000Z'],
    ['Europe/London', '2026-10-25', 10, 0, '2026-10-25T10:00:00.000Z'],
    ['America/New_York', '2026-03-08', 23, 0, '2026-03-09T03:00:00.000Z'],
    ['America/New_York', '2026-11-01', 23, 59, '2026-11-02T04:59:00.000Z'],
    ['Pacific/Auckland', '2026-01-01', 0, 0, '2025-12-31T11:00:00.000Z'],
    ['Asia/Kathmandu', '2026-01-01', 0, 0, '2025-12-31T18:15:00.000Z'],
  ]
  test.each(cases)('%s %s %i:%i', (zone, civil, hour, minute, instant) => {
    f.setZone(zone)
    expect(f.zoned(civil, hour, minute).toISOString()).toBe(instant)
    const pad = (n: number) => String(n).padStart(2, '0')
    const local = `${civil}T${pad(hour)}:${pad(minute)}`
    expect(f.toLocal(instant)).toBe(local)
    expect(f.fromLocal(local)?.toISOString()).toBe(instant)
    expect(f.time(instant, 'en')).toBe(`${pad(hour)}:${pad(minute)}`)
    expect(f.civilDate(new Date(instant))).toBe(civil)
  })

  test('an hour that comes twice is the first one, one that is left out the next', () => {
    f.setZone('Europe/London')
    expect(f.zoned('2026-10-25', 1, 30).toISOString()).toBe('2026-10-25T00:30:00.000Z')
    expect(f.zoned('2026-03-29', 1, 30).toISOString()).toBe('2026-03-29T01:30:00.000Z')
    expect(f.time('2026-03-29T01:30:00Z', 'en')).toBe('02:30')
  })

  test('every hour of a year comes back as it was', () => {
    for (const zone of ['Europe/London', 'America/New_York', 'Asia/Dhaka', 'Australia/Lord_Howe']) {
      f.setZone(zone)
      const start = Date.parse('2026-01-01T00:30:00Z')
      for (let at = start; at < start + 366 * 86_400_000; at += 5 * 3_600_000) {
        const local = f.toLocal(new Date(at).toISOString())
        expect(f.toLocal(f.fromLocal(local)?.toISOString() ?? '')).toBe(local)
      }
    }
  })

  test('nonsense is no time, an unknown zone changes nothing', () => {
    f.setZone('Mars/Olympus')
    expect(f.zone()).toBe('Asia/Dhaka')
    expect(f.fromLocal('')).toBeNull()
    expect(f.fromLocal('tomorrow')).toBeNull()
  })
})

test('clocks and durations', () => {
  expect(f.clock(65, 'en')).toBe('1:05')
  expect(f.clock(3727, 'bn')).toBe('১:০২:০৭')
  expect(f.duration(7500, 'bn')).toBe('২ ঘণ্টা ৫ মিনিট')
  expect(f.duration(45, 'en')).toBe('45 s')
  expect(f.duration(0, 'en')).toBe('0 s')
})

test('quantities take the larger unit', () => {
  expect(f.quantity(5000, 'g', 'bn')).toBe('৫ কেজি')
  expect(f.quantity(200, 'g', 'en')).toBe('200 g')
  expect(f.quantity(1500, 'ml', 'en')).toBe('1.5 L')
})
