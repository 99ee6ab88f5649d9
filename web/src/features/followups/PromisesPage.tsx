import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { promisesQuery, usersQuery } from '~/api/queries'
import type { PromiseReport, Task } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { formError } from '~/shared/fields'
import { TaskCustomer } from '~/shared/TaskCustomer'
import {
  Badge,
  Button,
  type Column,
  Dialog,
  EmptyState,
  Field,
  Page,
  QueryView,
  Select,
  Table,
  toast,
} from '~/ui'

const PERIODS = [1, 7, 30] as const
type Kept = PromiseReport['agents'][number]

/** For those who lead: promises whose hour has passed without a call, and how each agent keeps theirs. */
export function PromisesPage() {
  const { t } = useTranslation(['followups', 'common'])
  const format = useFormat()
  const [days, setDays] = useState<(typeof PERIODS)[number]>(7)
  const [moving, setMoving] = useState<Task | null>(null)
  const report = useQuery({ ...promisesQuery(days), refetchInterval: 30_000 })
  const overdue: Column<Task>[] = [
    {
      key: 'when',
      header: t('when'),
      className: 'w-44 whitespace-nowrap',
      cell: (task) => (
        <span className="font-medium text-bad">{task.dueAt && format.dateTime(task.dueAt)}</span>
      ),
    },
    {
      key: 'customer',
      header: t('customer'),
      cell: (task) => <TaskCustomer task={task} />,
    },
    { key: 'agent', header: t('agent'), cell: (task) => task.agentName ?? '–' },
    {
      key: 'notes',
      header: t('notes'),
      cell: (task) => (
        <span className="line-clamp-1 text-muted">
          {format.text(task.talkingPoints[0]?.text ?? '–')}
        </span>
      ),
    },
    {
      key: 'move',
      header: <span className="sr-only">{t('handOver')}</span>,
      align: 'right',
      cell: (task) => (
        <Button size="sm" onClick={() => setMoving(task)}>
          {t('handOver')}
        </Button>
      ),
    },
  ]
  const number = (key: 'kept' | 'late' | 'broken' | 'open'): Column<Kept> => ({
    key,
    header: t(`fate.${key}`),
    align: 'right',
    cell: (agent) => (
      <span className={key === 'broken' && agent.broken > 0 ? 'font-medium text-bad' : undefined}>
        {format.number(agent[key])}
      </span>
    ),
  })
  const agents: Column<Kept>[] = [
    {
      key: 'agent',
      header: t('agent'),
      cell: (agent) => <span className="font-medium">{agent.name}</span>,
    },
    number('kept'),
    number('late'),
    number('broken'),
    number('open'),
    {
      key: 'share',
      header: t('fate.share'),
      align: 'right',
      cell: ({ kept, late, broken }) =>
        kept + late + broken > 0 ? format.percent(kept / (kept + late + broken)) : '–',
    },
  ]
  return (
    <Page
      title={t('promises')}
      lead={t('promisesLead', { n: format.number(report.data?.graceMinutes ?? 30) })}
      actions={
        <Select
          className="w-44"
          aria-label={t('period.label')}
          value={days}
          onChange={(e) => {
            const chosen = PERIODS.find((period) => period === Number(e.target.value))
            if (chosen) setDays(chosen)
          }}
        >
          {PERIODS.map((period) => (
            <option key={period} value={period}>
              {t(`period.day${period}`)}
            </option>
          ))}
        </Select>
      }
    >
      <QueryView query={report}>
        {(data) => (
          <div className="flex min-h-0 flex-col gap-5 overflow-y-auto">
            <section>
              <h2 className="mb-1 flex items-center gap-2 text-sm font-semibold">
                {t('overdue')}
                {data.overdue.length > 0 && (
                  <Badge tone="bad">{format.number(data.overdue.length)}</Badge>
                )}
              </h2>
              <Table
                caption={t('overdue')}
                columns={overdue}
                rows={data.overdue}
                rowKey={(task) => task.id}
                empty={<EmptyState title={t('noneOverdue')}>{t('noneOverdueLead')}</EmptyState>}
              />
            </section>
            <section>
              <h2 className="mb-1 text-sm font-semibold">{t('byAgent')}</h2>
              <Table
                caption={t('byAgent')}
                columns={agents}
                rows={data.agents}
                rowKey={(agent) => agent.agentId}
                empty={<EmptyState title={t('nonePromised')}>{t('nonePromisedLead')}</EmptyState>}
              />
            </section>
          </div>
        )}
      </QueryView>
      {moving && <HandOver task={moving} onClose={() => setMoving(null)} />}
    </Page>
  )
}

/** Gives one promise to another agent. */
function HandOver({ task, onClose }: { task: Task; onClose: () => void }) {
  const { t } = useTranslation(['followups', 'common'])
  const queries = useQueryClient()
  const [target, setTarget] = useState('')
  const users = useQuery(usersQuery('agent'))
  const others =
    users.data?.items.filter((user) => user.active && user.id !== task.assignedTo) ?? []
  const move = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.put(`/api/crm/automation/tasks/${task.id}/assign`, { agentId: Number(target) }),
    onSuccess: () => {
      const name = others.find((user) => user.id === Number(target))?.name ?? ''
      toast(t('handedOver', { name }), 'ok')
      onClose()
      return changed.task(queries, task.customerId)
    },
  })
  const problem = formError(move.error, [])
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('handOverTitle', { name: task.customerName ?? task.phone })}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            variant="primary"
            disabled={!target}
            busy={move.isPending}
            onClick={() => move.mutate()}
          >
            {t('handOver')}
          </Button>
        </>
      }
    >
      <Field label={t('handOverTo')} error={problem}>
        {(control) => (
          <Select {...control} value={target} onChange={(e) => setTarget(e.target.value)}>
            <option value="">{t('choose')}</option>
            {others.map((user) => (
              <option key={user.id} value={user.id}>
                {user.teamCode ? `${user.name} · ${user.teamCode}` : user.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </Dialog>
  )
}
