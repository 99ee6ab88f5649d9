import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addDays, civilDate } from '~/lib/format'
import { Button, Input } from '~/ui'
import { CloseIcon } from '~/ui/icons'

/** The days from `from` to `to`, both included; at most `most`, so that a slip of the year stays small. */
export function daysFromTo(from: string, to: string, most = 60): string[] {
  const days: string[] = []
  for (let day = from; day <= to && days.length < most; day = addDays(day, 1)) days.push(day)
  return days
}

/** Days without work: they get no calls on them. */
export function Absences({
  days,
  onChange,
  error,
  date,
}: {
  days: string[]
  onChange: (days: string[]) => void
  error: string | undefined
  date: (day: string) => string
}) {
  const { t } = useTranslation('users')
  const today = civilDate(new Date())
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const add = () => {
    const all = new Set([...days, ...daysFromTo(from, to || from)])
    onChange([...all].sort())
    setFrom('')
    setTo('')
  }
  return (
    <fieldset className="col-span-2 border-t border-line pt-2">
      <legend className="sr-only">{t('absences')}</legend>
      <p aria-hidden className="mb-1 text-xs font-medium text-muted">
        {t('absences')}
      </p>
      <div className="flex items-center gap-2">
        <Input
          type="date"
          className="w-40"
          aria-label={t('absentFrom')}
          min={today}
          value={from}
          onChange={(e) => setFrom(e.target.value)}
        />
        <span aria-hidden>–</span>
        <Input
          type="date"
          className="w-40"
          aria-label={t('absentTo')}
          min={from || today}
          value={to}
          onChange={(e) => setTo(e.target.value)}
        />
        <Button disabled={!from || (to !== '' && to < from)} onClick={add}>
          {t('addAbsence')}
        </Button>
      </div>
      {error && <p className="mt-1 text-xs text-bad">{error}</p>}
      {days.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-1">
          {days.map((day) => (
            <li
              key={day}
              className="inline-flex items-center gap-1 rounded bg-sunken py-0.5 pr-1 pl-2 text-xs"
            >
              {date(day)}
              <button
                type="button"
                aria-label={t('removeAbsence', { day: date(day) })}
                className="rounded p-0.5 text-muted hover:text-ink"
                onClick={() => onChange(days.filter((other) => other !== day))}
              >
                <CloseIcon width={12} height={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </fieldset>
  )
}
