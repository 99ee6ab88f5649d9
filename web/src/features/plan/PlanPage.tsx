import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import type { PlanResult } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { civilDate } from '~/lib/format'
import { useLive } from '~/live/live'
import { DayInput } from '~/shared/DayInput'
import { Button, ConfirmDialog, EmptyState, Page, QueryView, toast } from '~/ui'
import { GenerateCalls } from './GenerateCalls'
import { PlanRules } from './PlanRules'
import { PlanView } from './PlanView'
import { planQuery } from './queries'
import { Uplift } from './Uplift'

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
  const refetch = () => void changed.plan(queries)
  useLive('plan.generated', refetch)
  useLive('plan.undone', refetch)
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <DayInput label={t('date')} date={date} onDate={onDate} />
          {plan.data?.undoable && <UndoPlan plan={plan.data} />}
          <PlanRules />
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
      <Uplift />
    </Page>
  )
}

/** Takes the calls that nobody has touched off the queues, after being asked. */
function UndoPlan({ plan }: { plan: PlanResult }) {
  const { t } = useTranslation('plan')
  const format = useFormat()
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const undo = useMutation({
    mutationFn: () => api.post('/api/crm/team/ops/plan/undo', { date: plan.date }),
    onSuccess: ({ undone }) => {
      setAsked(false)
      toast(t('undo.done', { n: format.number(undone?.takenBack ?? 0) }), 'ok')
      return changed.plan(queries)
    },
  })
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t('undo.button')}</Button>
      <ConfirmDialog
        open={asked}
        onOpenChange={setAsked}
        title={t('undo.title', { date: format.date(plan.date) })}
        description={t('undo.lead')}
        danger
        busy={undo.isPending}
        onConfirm={() => undo.mutate()}
      />
    </>
  )
}
