import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { upliftQuery } from './queries'

/** What calling does: those called against those held out, in one sentence. */
export function Uplift() {
  const { t } = useTranslation('plan')
  const format = useFormat()
  const { data } = useQuery(upliftQuery())
  if (!data) return null
  const { called, heldOut, difference } = data
  const share = (group: typeof called) =>
    group.customers ? format.percent(group.bought / group.customers) : '–'
  // The parts of a hundred, with their sign spoken by the sentence.
  const points = (value: number) => format.number(Math.round(Math.abs(value) * 1000) / 10)
  const signed = (value: number) => (value < 0 ? '−' : '') + points(value)
  return (
    <section aria-labelledby="uplift" className="border-line border-t pt-3">
      <h2 id="uplift" className="text-sm font-semibold">
        {t('uplift.title')}
      </h2>
      <p className="max-w-prose text-sm text-muted">
        {difference
          ? t('uplift.compared', {
              from: format.date(data.from),
              until: format.date(data.until),
              days: format.number(data.windowDays),
              called: format.number(called.customers),
              calledShare: share(called),
              held: format.number(heldOut.customers),
              heldShare: share(heldOut),
            })
          : t('uplift.tooFew', { days: format.number(data.windowDays) })}
      </p>
      {difference && (
        <p className="text-sm font-medium">
          {t(
            difference.low > 0
              ? 'uplift.works'
              : difference.high < 0
                ? 'uplift.harms'
                : 'uplift.unclear',
            {
              points: points(difference.share),
              low: signed(difference.low),
              high: signed(difference.high),
            },
          )}
        </p>
      )}
    </section>
  )
}
