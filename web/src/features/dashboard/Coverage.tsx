import { useTranslation } from 'react-i18next'
import type { Dashboard } from '~/api/types'
import { useFormat } from '~/i18n/i18n'

/** The customers in one's coverage: four figures and two distributions. */
export function Coverage({ dashboard: { coverage, ...stages } }: { dashboard: Dashboard }) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  const figures = [
    ['total', format.number(coverage.totalCustomers)],
    ['repeatRate', format.percent(coverage.repeatRate)],
    ['vipActive', format.number(coverage.vipPermanentActive30d)],
    ['backlog', format.number(coverage.pendingPreviousDays)],
  ] as const
  return (
    <section
      aria-label={t('coverage')}
      className="grid shrink-0 grid-cols-1 rounded-lg border border-line bg-surface md:grid-cols-[minmax(0,1.1fr)_minmax(0,1fr)_minmax(0,1fr)] md:divide-x md:divide-line"
    >
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 px-4 py-3">
        {figures.map(([key, value]) => (
          <div key={key} className="flex min-w-0 flex-col">
            <dt className="text-xs text-muted">{t(`figure.${key}`)}</dt>
            <dd
              className={
                key === 'backlog' && coverage.pendingPreviousDays > 0
                  ? 'text-xl font-semibold text-wait'
                  : 'text-xl font-semibold'
              }
            >
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <Bars
        title={t('purchaseStages')}
        rows={stages.purchaseStages.map((s) => ({
          label: t(`common:purchaseStage.${s.stage}`),
          count: s.count,
        }))}
      />
      <Bars
        title={t('valueStages')}
        rows={stages.valueStages.map((s) => ({
          label: t(`common:valueStage.${s.stage}`),
          count: s.count,
        }))}
      />
    </section>
  )
}

/** How the customers spread over some stages: the number is the text, the bar only shows it. */
function Bars({ title, rows }: { title: string; rows: { label: string; count: number }[] }) {
  const format = useFormat()
  const sum = rows.reduce((total, row) => total + row.count, 0)
  const largest = Math.max(1, ...rows.map((row) => row.count))
  return (
    <div className="min-w-0 px-4 py-3">
      <h2 className="mb-1 text-xs text-muted">{title}</h2>
      <table className="w-full text-xs">
        <caption className="sr-only">{title}</caption>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <th scope="row" className="w-24 pr-2 text-left font-medium whitespace-nowrap">
                {row.label}
              </th>
              <td>
                <div
                  className="h-2 min-w-px rounded-sm bg-accent"
                  style={{ width: `${(row.count / largest) * 100}%` }}
                />
              </td>
              <td className="w-16 pl-2 text-right">{format.number(row.count)}</td>
              <td className="w-11 pl-2 text-right text-muted">
                {format.percent(sum ? row.count / sum : 0)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
