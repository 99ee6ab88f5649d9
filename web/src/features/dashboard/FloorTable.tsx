import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { AgentState } from '~/api/types'
import { type Format, useFormat } from '~/i18n/i18n'
import { csv, download } from '~/lib/csv'
import { useNow } from '~/lib/now'
import { Badge, Button, type Column, Dot, EmptyState, Table, type Tone } from '~/ui'
import { DownloadIcon } from '~/ui/icons'
import { byNeed, done, type FloorAgent, needs, pace } from './need'

const STATE_TONE: Record<AgentState, Tone> = {
  offline: 'plain',
  online: 'accent',
  on_call: 'ok',
  wrap_up: 'wait',
  break: 'plain',
}

/** One row per agent, who needs help first. The order is looked at every 15 s, the timers every second. */
export function FloorTable({
  agents,
  date,
  onOpen,
}: {
  agents: FloorAgent[]
  date: string
  onOpen: (agent: FloorAgent) => void
}) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  const now = useNow(15_000)
  const rows = useMemo(() => byNeed(agents, now), [agents, now])
  const columns: Column<FloorAgent>[] = [
    {
      key: 'agent',
      header: t('column.agent'),
      cell: (a) => (
        <button
          type="button"
          className="text-left font-medium hover:underline"
          onClick={(event) => {
            event.stopPropagation()
            onOpen(a)
          }}
        >
          {a.name}
          <span className="ml-2 font-normal text-muted">
            {[a.teamCode, a.extension && format.digits(a.extension)].filter(Boolean).join(' · ')}
          </span>
        </button>
      ),
    },
    {
      key: 'state',
      header: t('column.state'),
      className: 'w-40',
      cell: (a) => (
        <span className="inline-flex items-center gap-2 whitespace-nowrap">
          <Dot tone={STATE_TONE[a.status]} />
          {t(`common:agentState.${a.status}`)}
          {a.status !== 'offline' && a.statusSince && <Timer since={a.statusSince} />}
        </span>
      ),
    },
    {
      key: 'call',
      header: t('column.call'),
      cell: (a) => {
        if (!a.currentCall) return <span className="text-muted">–</span>
        return (
          <span className="inline-flex items-center gap-2">
            <span className="max-w-44 truncate">{a.currentCall.customerName ?? t('unknown')}</span>
            <span className="text-xs text-muted">
              {t(`common:callStatus.${a.currentCall.status}`)}
            </span>
            <Timer since={a.currentCall.startedAt} />
          </span>
        )
      },
    },
    {
      key: 'done',
      header: t('column.done'),
      className: 'w-44',
      cell: (a) => <Progress agent={a} format={format} label={t('column.done')} />,
    },
    {
      key: 'completed',
      header: t('column.completed'),
      align: 'right',
      cell: (a) => format.number(a.today.completed),
    },
    {
      key: 'failed',
      header: t('column.failed'),
      align: 'right',
      cell: (a) => format.number(a.today.failed),
    },
    {
      key: 'ordered',
      header: t('column.ordered'),
      align: 'right',
      cell: (a) => format.number(a.today.ordered),
    },
    {
      key: 'pace',
      header: <span title={t('paceHint')}>{t('column.pace')}</span>,
      align: 'right',
      cell: (a) => <Pace value={a.today.total ? pace(a, now) : null} />,
    },
    {
      key: 'late',
      header: t('column.late'),
      align: 'right',
      cell: (a) =>
        a.today.promisesLate ? (
          <span className="font-semibold text-bad">{format.number(a.today.promisesLate)}</span>
        ) : (
          format.number(0)
        ),
    },
    {
      key: 'need',
      header: t('column.need'),
      cell: (a) => (
        <span className="flex flex-wrap gap-1">
          {needs(a, now).map((need) => (
            <Badge key={need.code} tone={need.weight >= 100 ? 'bad' : 'wait'}>
              {t(`need.${need.code}`, { n: format.number(need.value), count: need.value })}
            </Badge>
          ))}
        </span>
      ),
    },
  ]
  const save = () =>
    download(
      `floor-${date}.csv`,
      csv([
        ['agent', 'team', 'state', 'total', 'reached', 'not_reached', 'orders', 'left', 'late'],
        ...rows.map((a) => [
          a.name,
          a.teamCode ?? '',
          a.status,
          a.today.total,
          a.today.completed,
          a.today.failed,
          a.today.ordered,
          a.today.pending + a.today.inProgress,
          a.today.promisesLate,
        ]),
      ]),
    )
  return (
    <section className="flex min-h-0 flex-1 flex-col gap-2">
      <div className="flex items-center gap-3">
        <h2 className="text-sm font-semibold">{t('agents')}</h2>
        <p className="flex-1 text-xs text-muted">{t('sorted')}</p>
        <Button size="sm" icon={<DownloadIcon />} onClick={save} disabled={rows.length === 0}>
          CSV
        </Button>
      </div>
      <Table
        caption={t('agents')}
        columns={columns}
        rows={rows}
        rowKey={(a) => a.agentId}
        onRow={onOpen}
        empty={<EmptyState title={t('noAgents')}>{t('noAgentsLead')}</EmptyState>}
      />
    </section>
  )
}

function Timer({ since }: { since: string }) {
  const format = useFormat()
  const now = useNow()
  return (
    <span className="text-xs text-muted">{format.clock((now - Date.parse(since)) / 1000)}</span>
  )
}

function Pace({ value }: { value: number | null }) {
  const format = useFormat()
  if (value === null) return <span className="text-muted">–</span>
  const text = `${value > 0 ? '+' : ''}${format.number(value)}`
  return <span className={value < 0 ? 'text-wait' : 'text-ok'}>{text}</span>
}

function Progress({ agent, format, label }: { agent: FloorAgent; format: Format; label: string }) {
  const { total } = agent.today
  const count = done(agent)
  return (
    <span className="flex items-center gap-2">
      <progress
        aria-label={label}
        value={count}
        max={Math.max(1, total)}
        className="h-1.5 w-16 overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent"
      />
      <span className="whitespace-nowrap">
        {format.number(count)}/{format.number(total)}
      </span>
    </span>
  )
}
