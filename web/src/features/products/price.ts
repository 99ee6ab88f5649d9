import { latinDigits } from '~/lib/format'

/** "1,250.50", "1,25,000" or "১২৫০" taka as poisha; null when it is no amount, or "12,50", which has two readings. */
export function poisha(text: string): number | null {
  const latin = latinDigits(text).replace(/[৳\s\p{Cf}]/gu, '')
  const found = /^(\d+|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(?:\.(\d{1,2}))?$/.exec(latin)
  const whole = found?.[1]?.replaceAll(',', '')
  if (!whole || whole.length > 9) return null
  return Number(whole) * 100 + Number((found?.[2] ?? '').padEnd(2, '0') || 0)
}

/** Poisha as the text of an amount field: 125050 → "1250.50", 125000 → "1250". */
export function taka(value: number): string {
  const whole = Math.floor(value / 100)
  const rest = value % 100
  return rest ? `${whole}.${String(rest).padStart(2, '0')}` : `${whole}`
}
