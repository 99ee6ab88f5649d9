import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Call, Order, Task } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Recording } from '~/shared/Recording'
import { Badge, EmptyState, Table } from '~/ui'

export function OrdersTab({ orders }: { orders: Order[] }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  return (
    <Table
      caption={t('tab.orders')}
      rows={orders}
      rowKey={(o) => o.id}
      empty={<EmptyState title={t('noOrders')} />}
      columns={[
        {
          key: 'no',
          header: t('order.no'),
          cell: (o) => (
            <Link
              to="/orders/$id"
              params={{ id: String(o.id) }}
              className="font-medium hover:underline"
            >
              {format.digits(o.orderNo)}
            </Link>
          ),
        },
        {
          key: 'date',
          header: t('order.date'),
          className: 'whitespace-nowrap',
          cell: (o) => format.date(o.orderDate),
        },
        {
          key: 'status',
          header: t('order.status'),
          cell: (o) => (
            <Badge tone={o.counted ? 'plain' : 'bad'}>{t(`common:orderStatus.${o.status}`)}</Badge>
          ),
        },
        {
          key: 'lines',
          header: t('order.lines'),
          cell: (o) => (
            <span className="text-muted">
              {o.lines
                .map((line) => `${format.name(line)} × ${format.number(line.quantity)}`)
                .join(', ')}
            </span>
          ),
        },
        {
          key: 'total',
          header: t('order.total'),
          align: 'right',
          cell: (o) => format.money(o.total),
        },
      ]}
    />
  )
}

export function CallsTab({ calls }: { calls: Call[] }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  return (
    <Table
      caption={t('tab.calls')}
      rows={calls}
      rowKey={(c) => c.id}
      empty={<EmptyState title={t('noCalls')} />}
      columns={[
        {
          key: 'at',
          header: t('call.at'),
          className: 'whitespace-nowrap',
          cell: (c) => format.dateTime(c.startedAt),
        },
        {
          key: 'direction',
          header: t('call.direction'),
          cell: (c) => t(`direction.${c.direction}`),
        },
        {
          key: 'status',
          header: t('call.status'),
          cell: (c) => (
            <Badge tone={c.status === 'completed' ? 'ok' : 'plain'}>
              {t(`common:callStatus.${c.status}`)}
            </Badge>
          ),
        },
        {
          key: 'length',
          header: t('call.length'),
          align: 'right',
          cell: (c) => (c.durationSeconds ? format.clock(c.durationSeconds) : '–'),
        },
        {
          key: 'recording',
          header: t('call.recording'),
          cell: (c) =>
            c.recordingUrl ? <Recording callId={c.id} seconds={c.recordingDuration} /> : '–',
        },
      ]}
    />
  )
}

export function TasksTab({ tasks }: { tasks: Task[] }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  return (
    <Table
      caption={t('tab.tasks')}
      rows={tasks}
      rowKey={(task) => task.id}
      empty={<EmptyState title={t('noTasks')} />}
      columns={[
        {
          key: 'date',
          header: t('task.date'),
          className: 'whitespace-nowrap',
          cell: (task) => (task.dueAt ? format.dateTime(task.dueAt) : format.date(task.taskDate)),
        },
        {
          key: 'why',
          header: t('task.why'),
          cell: (task) =>
            task.talkingPoints[0]
              ? format.text(task.talkingPoints[0].text)
              : t(`common:taskKind.${task.kind}`),
        },
        { key: 'agent', header: t('column.agent'), cell: (task) => task.agentName ?? '–' },
        {
          key: 'status',
          header: t('task.status'),
          cell: (task) => (
            <span className="inline-flex items-center gap-1">
              <Badge tone={task.status === 'completed' ? 'ok' : 'plain'}>
                {t(`common:taskStatus.${task.status}`)}
              </Badge>
              {task.outcome && (
                <span className="text-xs text-muted">{t(`common:outcome.${task.outcome}`)}</span>
              )}
            </span>
          ),
        },
        {
          key: 'notes',
          header: t('task.notes'),
          cell: (task) => <span className="whitespace-pre-line text-muted">{task.notes}</span>,
        },
      ]}
    />
  )
}
