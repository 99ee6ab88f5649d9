/**
 * Numbers, money, dates and durations as people here write them: Indian grouping (14,23,000), ৳ in front,
 * Bangla digits in Bangla. All dates and hours are shown in the company's zone, wherever the browser is.
 */
export type Language = 'bn' | 'en'

const wallClockOf = (timeZone: string) =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

let companyZone = 'Asia/Dhaka'
let companyClock = wallClockOf(companyZone)

/** The company's time zone, an IANA name. */
export function zone(): string {
  return companyZone
}

/** Sets the company's time zone, as the server says it; an unknown name changes nothing. */
export function setZone(name: string): void {
  try {
    companyClock = wallClockOf(name)
    companyZone = name
  } catch {
    // A browser older than the zone: the hours are those of before.
  }
}

const BANGLA = '০১২৩৪৫৬৭৮৯'

/** Latin digits to the digits of the language; everything else stays. */
export function digits(text: string | number, language: Language): string {
  const value = String(text)
  return language === 'bn' ? value.replace(/\d/g, (d) => BANGLA[Number(d)] ?? d) : value
}

/** Bangla digits to Latin ones, for what people type. */
export function latinDigits(text: string): string {
  return text.replace(/[০-৯]/g, (d) => String(BANGLA.indexOf(d)))
}

/** 1423000 → "14,23,000". */
function grouped(value: number): string {
  const [whole = '0', fraction] = Math.abs(value).toString().split('.')
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ',')
  const text = head ? `${head},${whole.slice(-3)}` : whole
  return (value < 0 ? '−' : '') + text + (fraction ? `.${fraction}` : '')
}

export function number(value: number, language: Language): string {
  return digits(grouped(value), language)
}

/** Integer poisha as taka: 1423050 → "৳14,230.50"; whole taka without decimals. */
export function money(poisha: number, language: Language): string {
  const sign = poisha < 0 ? '−' : ''
  const value = Math.abs(Math.round(poisha))
  const rest = value % 100
  const taka = grouped(Math.floor(value / 100))
  return digits(`${sign}৳${taka}${rest ? `.${String(rest).padStart(2, '0')}` : ''}`, language)
}

/** A share 0…1 as whole per cent. */
export function percent(share: number, language: Language): string {
  return digits(`${Math.round(share * 100)}%`, language)
}

/** "+8801712345678" → "01712-345678"; other countries stay E.164. */
export function phone(e164: string, language: Language): string {
  const local = /^\+880(1\d{3})(\d{6})$/.exec(e164)
  return digits(local ? `0${local[1]}-${local[2]}` : e164, language)
}

/** Seconds as "1:05" or "1:02:07". */
export function clock(seconds: number, language: Language): string {
  const s = Math.max(0, Math.floor(seconds))
  const pad = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(s / 3600)
  const rest = `${hours ? pad(Math.floor(s / 60) % 60) : Math.floor(s / 60) % 60}:${pad(s % 60)}`
  return digits(hours ? `${hours}:${rest}` : rest, language)
}

/** Seconds in words: "২ ঘণ্টা ৫ মিনিট", "45 s". */
export function duration(seconds: number, language: Language): string {
  const s = Math.max(0, Math.round(seconds))
  const unit = language === 'bn' ? [' ঘণ্টা', ' মিনিট', ' সেকেন্ড'] : [' h', ' min', ' s']
  const parts: string[] = []
  const hours = Math.floor(s / 3600)
  const minutes = Math.floor(s / 60) % 60
  if (hours) parts.push(`${hours}${unit[0]}`)
  if (minutes) parts.push(`${minutes}${unit[1]}`)
  if (!hours && (s % 60 || !minutes)) parts.push(`${s % 60}${unit[2]}`)
  return digits(parts.join(' '), language)
}

/** The civil date "YYYY-MM-DD" of an instant in the company's zone. */
export function civilDate(instant: Date): string {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone: zone(),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).format(instant)
}

/** Whole days from civil date `from` to civil date `to`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000)
}

/** "22 days ago", "২২ দিন আগে", "tomorrow". `value` is a civil date or an instant. */
export function daysAgo(value: string, language: Language, now = new Date()): string {
  const date = value.length > 10 ? civilDate(new Date(value)) : value
  const days = daysBetween(date, civilDate(now))
  if (language === 'bn') {
    if (days === 0) return 'আজ'
    if (days === 1) return 'গতকাল'
    if (days === -1) return 'আগামীকাল'
    return digits(days > 0 ? `${days} দিন আগে` : `${-days} দিন পরে`, 'bn')
  }
  if (days === 0) return 'today'
  if (days === 1) return 'yesterday'
  if (days === -1) return 'tomorrow'
  return days > 0 ? `${days} days ago` : `in ${-days} days`
}

const locale = (language: Language) => (language === 'bn' ? 'bn-BD-u-nu-beng' : 'en-GB')

/** "21 Nov 2026"; civil dates are not shifted by any zone. */
export function date(value: string, language: Language): string {
  const civil = value.length <= 10
  return new Intl.DateTimeFormat(locale(language), {
    timeZone: civil ? 'UTC' : zone(),
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(new Date(civil ? `${value}T00:00:00Z` : value))
}

/** "21 Nov" of a civil date, where the year is plain. */
export function day(civil: string, language: Language): string {
  return new Intl.DateTimeFormat(locale(language), {
    timeZone: 'UTC',
    day: 'numeric',
    month: 'short',
  }).format(new Date(`${civil}T00:00:00Z`))
}

/** "10:30" of an instant, 24 hours. */
export function time(instant: string | Date, language: Language): string {
  const text = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone(),
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(new Date(instant))
  return digits(text, language)
}

/** "today 10:30", "21 Nov 2026 10:30". */
export function dateTime(instant: string, language: Language, now = new Date()): string {
  const day = daysBetween(civilDate(new Date(instant)), civilDate(now))
  const head = Math.abs(day) <= 1 ? daysAgo(instant, language, now) : date(instant, language)
  return `${head} ${time(instant, language)}`
}

/** Wall-clock time of an instant in the company's zone, as if it were UTC: milliseconds. */
function wallClock(instant: number): number {
  const parts = companyClock.formatToParts(instant)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/**
 * A wall-clock time of the company's zone as an instant. When clocks go back, the first of the two hours; an
 * hour that is left out when they go forward becomes the one after it.
 */
export function zoned(civil: string, hour: number, minute = 0): Date {
  const [year = 0, month = 1, day = 1] = civil.split('-').map(Number)
  const wanted = Date.UTC(year, month - 1, day, hour, minute)
  // The offsets before and after: clocks change at most once within a day around.
  const offsets = [-86_400_000, 86_400_000].map((by) => wallClock(wanted + by) - (wanted + by))
  const [before = 0, after = 0] = offsets
  for (const offset of [before, after]) {
    const instant = wanted - offset
    if (wallClock(instant) === wanted) return new Date(instant)
  }
  return new Date(wanted - before)
}

/** What a `datetime-local` field holds, `YYYY-MM-DDTHH:MM` of the company's zone, as an instant. */
export function fromLocal(value: string): Date | null {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})/.exec(value)
  return match?.[1] ? zoned(match[1], Number(match[2]), Number(match[3])) : null
}

/** The instant as a `datetime-local` field holds it. */
export function toLocal(instant: string): string {
  return new Date(wallClock(Date.parse(instant))).toISOString().slice(0, 16)
}

/** The civil date `days` after `civil`. */
export function addDays(civil: string, days: number): string {
  return new Date(Date.parse(`${civil}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

const UNITS: Record<string, [bn: string, en: string]> = {
  kg: ['কেজি', 'kg'],
  g: ['গ্রাম', 'g'],
  litre: ['লিটার', 'L'],
  ml: ['মিলি', 'ml'],
  pcs: ['পিস', 'pcs'],
}

/** A quantity with its unit; grams and millilitres from 1,000 up as kg and litre. */
export function quantity(value: number, unit: string, language: Language): string {
  const big = value >= 1000 ? { g: 'kg', ml: 'litre' }[unit] : undefined
  const words = UNITS[big ?? unit] ?? [unit, unit]
  const amount = big ? value / 1000 : value
  return `${number(Number(amount.toFixed(2)), language)} ${words[language === 'bn' ? 0 : 1]}`
}
