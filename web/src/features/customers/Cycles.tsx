import { useTranslation } from 'react-i18next'
import type { Cycle } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { civilDate, daysBetween } from '~/lib/format'
import { StockLeft } from '~/shared/StockLeft'
import { Badge, EmptyState } from '~/ui'

/** What they buy, how often, when next; the arithmetic behind a date opens on request. */
export function Cycles({ cycles, customerId }: { cycles: Cycle[]; customerId: number }) {
  const { t } = useTranslation('customers')
  if (cycles.length === 0) {
    return <EmptyState title={t('noCycles')}>{t('noCyclesLead')}</EmptyState>
  }
  return (
    <ul>
      {cycles.map((cycle) => (
        <li key={cycle.categoryId} className="border-b border-line/60 px-3 py-1.5 last:border-0">
          <CycleRow cycle={cycle} customerId={customerId} />
        </li>
      ))}
    </ul>
  )
}

function CycleRow({ cycle, customerId }: { cycle: Cycle; customerId: number }) {
  const { t } = useTranslation('customers')
  const format = useFormat()
  const left = daysBetween(civilDate(new Date()), cycle.dueOn)
  const tone = left < 0 ? 'bad' : left <= 3 ? 'wait' : 'plain'
  return (
    <details>
      <summary className="flex items-center gap-2 text-sm">
        <span className="min-w-0 flex-1">
          <span className="font-medium">{format.name(cycle)}</span>
          <span className="ml-2 text-xs text-muted">
            {cycle.purchases > 1
              ? [
                  cycle.avgGapDays
                    ? t('every', { n: format.number(Math.round(cycle.avgGapDays)) })
                    : null,
                  t('times', { n: format.number(cycle.purchases) }),
                ]
                  .filter(Boolean)
                  .join(' · ')
              : t('once')}
            {cycle.chancePercent != null &&
              ` · ${t('chance', { n: format.percent(cycle.chancePercent / 100) })}`}
          </span>
        </span>
        <Badge tone={tone}>
          {t(left < 0 ? 'wasDue' : 'remind', { when: format.daysAgo(cycle.dueOn) })}
        </Badge>
      </summary>
      <table className="mt-1.5 mb-1 w-full text-xs">
        <caption className="sr-only">{t('arithmetic', { name: format.name(cycle) })}</caption>
        <tbody>
          <Line
            what={t('step.bought', { quantity: format.quantity(cycle.lastQty, cycle.baseUnit) })}
            result={format.date(cycle.lastDate)}
          />
          {cycle.basis === 'learned' && cycle.learned ? (
            <LearnedSteps learned={cycle.learned} />
          ) : (
            <TableSteps cycle={cycle} />
          )}
          <tr className="border-t border-line font-medium">
            <th scope="row" className="py-0.5 text-left">
              {t('step.due')}
            </th>
            <td className="text-right">{format.date(cycle.dueOn)}</td>
          </tr>
          <Line what={t('step.expected')} result={format.date(cycle.expectedOn)} />
          {cycle.basis === 'learned' && (
            <Line
              what={t('step.byTable')}
              result={t('days', { n: format.number(cycle.arithmetic.consumptionDays) })}
            />
          )}
        </tbody>
      </table>
      <StockLeft customerId={customerId} cycle={cycle} />
    </details>
  )
}

/** The own habit and the usual one, blended; reminded when that was right most often. */
function LearnedSteps({ learned: a }: { learned: NonNullable<Cycle['learned']> }) {
  const { t } = useTranslation('customers')
  const format = useFormat()
  const days = (n: number) => t('days', { n: format.number(Math.round(n)) })
  return (
    <>
      {a.ownGapDays != null && (
        <Line
          what={t('step.own', { share: format.percent(a.ownShare) })}
          result={days(a.ownGapDays)}
        />
      )}
      <Line
        what={t('step.usual', { share: format.percent(1 - a.ownShare) })}
        result={days(a.usualGapDays)}
      />
      {Math.abs(a.quantityFactor - 1) >= 0.005 && (
        <Line
          what={t('step.quantity')}
          result={`× ${format.number(Math.round(a.quantityFactor * 100) / 100)}`}
        />
      )}
      <Line what={t('step.next')} result={`+ ${days(a.days)}`} />
      {a.clamped && <Clamped min={a.minDays} max={a.maxDays} />}
      <Line what={t('step.remindAfter')} result={days(a.remindAfterDays)} />
    </>
  )
}

function TableSteps({ cycle }: { cycle: Cycle }) {
  const { t } = useTranslation('customers')
  const format = useFormat()
  const a = cycle.arithmetic
  const days = (n: number) => t('days', { n: format.number(n) })
  if (cycle.basis === 'stock') {
    return (
      <Line
        what={t('step.stock')}
        result={`+ ${days(daysBetween(cycle.lastDate, cycle.expectedOn))}`}
      />
    )
  }
  return (
    <>
      {a.scaledFrom && (
        <Line
          what={t('step.scaled', {
            typical: format.quantity(a.scaledFrom.typicalBaseQty, cycle.baseUnit),
            bought: format.quantity(a.scaledFrom.baseQty, cycle.baseUnit),
          })}
          result=""
        />
      )}
      <Line what={t('step.lasts')} result={`+ ${days(a.consumptionDays)}`} />
      {a.clamped && <Clamped min={a.minDays} max={a.maxDays} />}
      <Line what={t('step.buffer')} result={`− ${days(a.bufferDays)}`} />
    </>
  )
}

function Clamped({ min, max }: { min: number; max: number }) {
  const { t } = useTranslation('customers')
  const format = useFormat()
  return (
    <Line
      what={t('step.clamped', { min: format.number(min), max: format.number(max) })}
      result=""
    />
  )
}

function Line({ what, result }: { what: string; result: string }) {
  return (
    <tr>
      <th scope="row" className="py-0.5 text-left font-normal text-muted">
        {what}
      </th>
      <td className="pl-3 text-right whitespace-nowrap">{result}</td>
    </tr>
  )
}
