import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { civilDate } from '~/lib/format'
import { useLive } from '~/live/live'
import { EmptyState, Input, Page, QueryView } from '~/ui'
import { GenerateCalls } from './GenerateCalls'
import { PlanView } from './PlanView'
import { planQuery } from './queries'

/** What was planned for a day, and why the rest was left out. */
export function PlanPage({
  date,
  onDate,
}: {
  date: string | undefined
  onDate: (date: string | undefined) => void
}) {
  const { t } = useTranslation(['plan', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const today = civilDate(new Date())
  const plan = useQuery(planQuery(date))
  useLive('plan.generated', () => void queries.invalidateQueries({ queryKey: ['plan'] }))
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <Input
            type="date"
            className="w-40"
            aria-label={t('date')}
            max={today}
            value={date ?? today}
            onChange={(e) => onDate(e.target.value === today ? undefined : e.target.value)}
          />
          <GenerateCalls />
        </>
      }
    >
      <QueryView query={plan}>
        {(data) =>
          data ? (
            <PlanView plan={data} />
          ) : (
            <EmptyState title={t('empty', { date: format.date(date ?? today) })}>
              {t('emptyLead')}
            </EmptyState>
          )
        }
      </QueryView>
    </Page>
  )
}
