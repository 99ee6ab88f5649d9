import { civilDate } from '~/lib/format'
import { Input } from '~/ui'

/** The day a page is about, today or before; today is what nothing in the address means. */
export function DayInput({
  label,
  date,
  onDate,
}: {
  label: string
  date: string | undefined
  onDate: (date: string | undefined) => void
}) {
  const today = civilDate(new Date())
  return (
    <Input
      type="date"
      className="w-40"
      aria-label={label}
      max={today}
      value={date ?? today}
      onChange={(e) => onDate(e.target.value === today ? undefined : e.target.value)}
    />
  )
}
