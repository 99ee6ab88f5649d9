import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '~/api/error'
import { changed } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Customer360 } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { useLive } from '~/live/live'
import { Lifecycle, Segment, TemperatureBadge } from '~/shared/Segment'
import { Button, buttonClass, EmptyState, Page, Panel, QueryView, Tabs } from '~/ui'
import { AlertIcon } from '~/ui/icons'
import { AssignDialog } from './AssignDialog'
import { CustomerForm } from './CustomerForm'
import { Cycles } from './Cycles'
import { DoNotCallDialog } from './DoNotCallDialog'
import { CallsTab, OrdersTab, TasksTab } from './History'
import { PlanCallDialog } from './PlanCallDialog'
import { Profile } from './Profile'
import { customer360Query } from './queries'
import { StagePanel } from './StagePanel'
import { Timeline } from './Timeline'

/** Everything known about one customer. */
export function CustomerPage({ id }: { id: number }) {
  const { t } = useTranslation('customers')
  const queries = useQueryClient()
  const query = useQuery(customer360Query(id))
  const again = () => void changed.customerDetail(queries, id)
  useLive('call.updated', ({ call }) => call.customerId === id && call.endedAt && again())
  useLive('task.updated', ({ task }) => task.customerId === id && again())
  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <EmptyState
        title={<h1>{t('notFound')}</h1>}
        action={
          <Link to="/customers" className={buttonClass('primary')}>
            {t('toList')}
          </Link>
        }
      >
        {t('notFoundLead')}
      </EmptyState>
    )
  }
  return <QueryView query={query}>{(data) => <View data={data} />}</QueryView>
}

const TABS = ['timeline', 'orders', 'calls', 'tasks'] as const
type Tab = (typeof TABS)[number]

function View({ data }: { data: Customer360 }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const [tab, setTab] = useState<Tab>('timeline')
  const [dialog, setDialog] = useState<'edit' | 'assign' | 'unassign' | 'dnc' | 'call' | null>(null)
  const { customer: c } = data
  const leads = ['admin', 'sales_manager', 'team_leader'].includes(user?.role ?? '')
  // Who speaks with customers may change what is known of them.
  const edits = user?.role !== 'delivery_coordinator'
  const content = {
    timeline: <Timeline customerId={c.id} items={data.timeline} />,
    orders: <OrdersTab orders={data.recentOrders} />,
    calls: <CallsTab calls={data.calls} />,
    tasks: <TasksTab tasks={data.tasks} />,
  }
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <span>
            {c.name}
            {c.greeting ? ` ${t(`common:greeting.${c.greeting}`)}` : ''}
          </span>
          <span className="text-base font-normal">{format.phone(c.phone)}</span>
          <span className="inline-flex flex-wrap gap-1">
            <Segment customer={c} />
            <Lifecycle stage={c.lifecycleStage} />
            <TemperatureBadge value={c.temperature} />
          </span>
        </span>
      }
      actions={
        <>
          {leads && <Button onClick={() => setDialog('assign')}>{t('assign')}</Button>}
          {leads && c.assignedTo != null && (
            <Button onClick={() => setDialog('unassign')}>{t('unassign')}</Button>
          )}
          {(leads || user?.role === 'agent') && !c.doNotCall && (
            <Button onClick={() => setDialog('call')}>{t('planCall')}</Button>
          )}
          {edits && (
            <>
              <Button onClick={() => setDialog('dnc')}>
                {t(c.doNotCall ? 'allowCalls' : 'doNotCall')}
              </Button>
              <Button variant="primary" onClick={() => setDialog('edit')}>
                {t('common:actions.edit')}
              </Button>
            </>
          )}
        </>
      }
    >
      <Figures data={data} />
      <Alerts alerts={data.alerts} />
      <div className="grid min-h-0 flex-1 grid-cols-1 gap-4 lg:grid-cols-[minmax(0,1fr)_400px]">
        <Tabs
          label={t('history')}
          value={tab}
          onChange={setTab}
          items={TABS.map((value) => ({
            value,
            label: t(`tab.${value}`),
            content: <div className="h-full overflow-y-auto">{content[value]}</div>,
          }))}
        />
        <div className="flex min-h-0 flex-col gap-3 overflow-y-auto">
          <Panel title={t('cycles')} className="shrink-0">
            <Cycles cycles={data.cycles} customerId={data.customer.id} />
          </Panel>
          <Panel title={t('stage.panel')} className="shrink-0">
            <StagePanel customer={c} leads={leads} />
          </Panel>
          <Panel title={t('profile')} className="shrink-0">
            <Profile data={data} />
          </Panel>
        </div>
      </div>
      {dialog === 'edit' && <CustomerForm customer={c} onClose={() => setDialog(null)} />}
      {(dialog === 'assign' || dialog === 'unassign') && (
        <AssignDialog customers={[c]} mode={dialog} onClose={() => setDialog(null)} />
      )}
      {dialog === 'call' && (
        <PlanCallDialog customer={c} leads={leads} onClose={() => setDialog(null)} />
      )}
      {dialog === 'dnc' && <DoNotCallDialog customer={c} onClose={() => setDialog(null)} />}
    </Page>
  )
}

function Figures({ data: { customer: c, daysSinceLastOrder } }: { data: Customer360 }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const people = useQuery(directoryQuery())
  const agent = people.data?.items.find((p) => p.id === c.assignedTo)
  const rows: [string, string][] = [
    [t('column.orders'), format.number(c.totalOrders)],
    [t('column.spend'), format.money(c.totalSpend)],
    [t('average'), format.money(c.avgOrderValue)],
    [t('firstOrder'), c.firstOrderDate ? format.date(c.firstOrderDate) : '–'],
    [
      t('column.lastOrder'),
      daysSinceLastOrder != null && c.lastOrderDate ? format.daysAgo(c.lastOrderDate) : '–',
    ],
    [t('column.lastContact'), c.lastContactAt ? format.daysAgo(c.lastContactAt) : '–'],
    [t('membership'), c.membershipLevel ? t(`common:membership.${c.membershipLevel}`) : '–'],
    [t('column.agent'), c.assignedTo == null ? t('pool') : (agent?.name ?? '…')],
  ]
  return (
    <dl className="grid shrink-0 grid-cols-2 gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-4 py-2.5 sm:grid-cols-4 lg:grid-cols-8">
      {rows.map(([label, value]) => (
        <div key={label} className="min-w-0">
          <dt className="truncate text-xs text-muted">{label}</dt>
          <dd className="truncate text-base font-semibold">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Alerts({ alerts }: { alerts: Customer360['alerts'] }) {
  const { t } = useTranslation('customers')
  const format = useFormat()
  if (alerts.length === 0) return null
  const word = (params: Record<string, unknown>, key: string) => {
    const value = params[key]
    return typeof value === 'number' ? format.number(value) : String(value ?? '')
  }
  return (
    <ul className="flex shrink-0 flex-wrap gap-x-4 gap-y-1 text-sm" aria-label={t('alerts')}>
      {alerts.map((alert) => {
        const pressing = alert.code === 'do_not_call' || alert.code === 'complaint_open'
        return (
          <li
            key={`${alert.code} ${JSON.stringify(alert.params)}`}
            className={
              pressing
                ? 'flex items-center gap-1.5 text-bad'
                : 'flex items-center gap-1.5 text-wait'
            }
          >
            <AlertIcon width={14} height={14} />
            {t(`alert.${alert.code}`, {
              days: word(alert.params, 'days'),
              category: categoryOf(alert.params, format.language),
            })}
          </li>
        )
      })}
    </ul>
  )
}

/** The category an alert speaks of, in the language on screen, or its slug. */
function categoryOf(params: Record<string, unknown>, language: 'bn' | 'en'): string {
  const name = params[language === 'bn' ? 'nameBn' : 'nameEn']
  return String(name ?? params.categorySlug ?? '')
}
