import { latinDigits } from '~/lib/format'

/** "1,250.50" or "১২৫০" taka as poisha; null when it is no amount. */
export function poisha(text: string): number | null {
  const latin = latinDigits(text).replace(/[৳,\s]/g, '')
  const found = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(latin)
  if (!found) return null
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0') || 0)
}

/** Poisha as the text of an amount field: 125050 → "1250.50", 125000 → "1250". */
export function taka(value: number): string {
  const whole = Math.floor(value / 100)
  const rest = value % 100
  return rest ? `${whole}.${String(rest).padStart(2, '0')}` : `${whole}`
}
