import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { followUpsQuery } from '~/api/queries'
import type { Task } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { civilDate } from '~/lib/format'
import { useNow } from '~/lib/now'
import { Badge, type Column, EmptyState, Page, QueryView, Table } from '~/ui'

/** The agent's promises, by hour: late ones first, never buried under generated work. */
export function FollowUpsPage() {
  const { t } = useTranslation(['followups', 'common'])
  const format = useFormat()
  const now = useNow(30_000)
  const query = useQuery(followUpsQuery())
  const today = civilDate(new Date(now))
  const due = (task: Task) => (task.dueAt ? Date.parse(task.dueAt) : Number.MAX_SAFE_INTEGER)
  const groupOf = (task: Task): 'late' | 'today' | 'later' => {
    if (due(task) < now) return 'late'
    return task.dueAt && civilDate(new Date(task.dueAt)) === today ? 'today' : 'later'
  }
  const columns: Column<Task>[] = [
    {
      key: 'when',
      header: t('when'),
      className: 'w-48 whitespace-nowrap',
      cell: (task) => (
        <span className={groupOf(task) === 'late' ? 'font-medium text-bad' : undefined}>
          {task.dueAt ? format.dateTime(task.dueAt) : format.date(task.taskDate)}
        </span>
      ),
    },
    {
      key: 'customer',
      header: t('customer'),
      cell: (task) => (
        <span className="flex items-center gap-2">
          <span className="font-medium">{task.customerName ?? format.phone(task.phone)}</span>
          {task.valueStage === 'vip' && <Badge tone="accent">{t('common:valueStage.vip')}</Badge>}
        </span>
      ),
    },
    { key: 'phone', header: t('phone'), cell: (task) => format.phone(task.phone) },
    {
      key: 'notes',
      header: t('notes'),
      cell: (task) => (
        <span className="line-clamp-1 text-muted">
          {task.notes || format.text(task.talkingPoints[0]?.text ?? '–')}
        </span>
      ),
    },
    {
      key: 'open',
      header: <span className="sr-only">{t('open')}</span>,
      align: 'right',
      cell: (task) => (
        <Link
          to="/desk"
          search={{ task: task.id }}
          className="font-medium whitespace-nowrap text-accent hover:underline"
        >
          {t('open')}
        </Link>
      ),
    },
  ]
  return (
    <Page title={t('title')} lead={t('lead')}>
      <QueryView query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title={t('empty')}>{t('emptyLead')}</EmptyState>
          ) : (
            <div className="flex min-h-0 flex-col gap-4 overflow-y-auto">
              {(['late', 'today', 'later'] as const).map((group) => {
                const rows = items
                  .filter((task) => groupOf(task) === group)
                  .sort((a, b) => due(a) - due(b))
                if (rows.length === 0) return null
                return (
                  <section key={group}>
                    <h2 className="mb-1 flex items-center gap-2 text-sm font-semibold">
                      {t(group)}
                      <Badge tone={group === 'late' ? 'bad' : 'plain'}>
                        {format.number(rows.length)}
                      </Badge>
                    </h2>
                    <Table
                      caption={t(group)}
                      columns={columns}
                      rows={rows}
                      rowKey={(task) => task.id}
                    />
                  </section>
                )
              })}
            </div>
          )
        }
      </QueryView>
    </Page>
  )
}
