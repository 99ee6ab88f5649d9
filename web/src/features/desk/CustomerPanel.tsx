import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Alert, Customer360, Interaction, Task } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { daysBetween } from '~/lib/format'
import { useKey } from '~/lib/keys'
import { useStore } from '~/lib/store'
import { useDistricts } from '~/shared/District'
import { StockLeft } from '~/shared/StockLeft'
import { Badge, Button, Kbd, QueryView, type Tone } from '~/ui'
import { AlertIcon } from '~/ui/icons'
import { contactLine, dueCycles } from './facts'
import { cancelled } from './live'
import { customer360Query } from './queries'
import { useCancelReason } from './useCancelReason'
import type { DeskModel } from './useDesk'

const ALERT_TONE: Record<Alert['code'], Tone> = {
  inactive: 'wait',
  high_aov: 'accent',
  new_customer: 'accent',
  complaint_open: 'bad',
  reorder_due: 'wait',
  do_not_call: 'bad',
  birthday: 'accent',
}

/** Who, why, and what to offer. The first thing to be read stands first and is largest. */
export function CustomerPanel({ model }: { model: DeskModel }) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const { task } = model
  const gone = useStore(cancelled)
  const why = useCancelReason()
  if (!task) return <section className="rounded-lg border border-line bg-surface" />
  const away = gone[task.id]
  return (
    <section
      aria-label={t('customer.why')}
      className="flex min-h-0 flex-col overflow-y-auto rounded-lg border border-line bg-surface px-4 py-3"
    >
      {away && (
        <div role="alert" className="mb-3 rounded-md bg-wait-soft px-3 py-2 text-sm text-wait">
          <p className="font-semibold">{t('customer.cancelled')}</p>
          <p>{why(away.reason)}</p>
          <Button size="sm" className="mt-1" k="Enter" onClick={() => model.step(1)}>
            {t('customer.moveOn')}
          </Button>
        </div>
      )}
      {task.customerId ? (
        <Known task={task} model={model} />
      ) : (
        <>
          <h2 className="text-xl font-semibold">{t('customer.unknown')}</h2>
          <p className="text-lg">{format.phone(task.phone)}</p>
          <Why task={task} />
        </>
      )}
    </section>
  )
}

function Why({ task, view }: { task: Task; view?: Customer360 }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const points = task.talkingPoints
  const due = view ? dueCycles(task, view).slice(0, 2) : []
  return (
    <section className="mt-3 rounded-md bg-sunken/70 px-3 py-2">
      <h3 className="text-2xs font-semibold text-muted">{t('customer.why')}</h3>
      <ul>
        {points.map((point, i) => (
          <li
            key={i}
            className={i === 0 ? 'text-lg leading-snug font-medium' : 'mt-1 text-sm text-muted'}
          >
            {format.text(point.text)}
          </li>
        ))}
        {points.length === 0 && <li className="text-lg leading-snug font-medium">{task.reason}</li>}
      </ul>
      {due.length > 0 && (
        <ul className="mt-1 text-xs text-muted">
          {due.map((cycle) => (
            <li key={cycle.categoryId}>
              {t('customer.cycle', {
                name: format.name(cycle),
                quantity: format.quantity(cycle.lastQty, cycle.baseUnit),
                last: format.day(cycle.lastDate),
                days: format.digits(daysBetween(cycle.lastDate, cycle.expectedOn)),
                buffer: format.digits(daysBetween(cycle.dueOn, cycle.expectedOn)),
                due: format.day(cycle.dueOn),
              })}
              {view && <StockLeft customerId={view.customer.id} cycle={cycle} />}
            </li>
          ))}
        </ul>
      )}
      {task.bestHour != null && task.status === 'pending' && (
        <p className="mt-1 text-xs text-muted">
          {t('customer.bestHour', { hour: format.digits(`${task.bestHour}:00`) })}
        </p>
      )}
      {task.attempts > 0 && (
        <p className="mt-1 text-xs text-muted">
          {t('queue.attempts', { count: task.attempts, n: format.digits(task.attempts) })}
        </p>
      )}
    </section>
  )
}

function Known({ task, model }: { task: Task; model: DeskModel }) {
  const query = useQuery(customer360Query(task.customerId ?? 0))
  return (
    <QueryView query={query}>{(view) => <Facts view={view} task={task} model={model} />}</QueryView>
  )
}

function Facts({ view, task, model }: { view: Customer360; task: Task; model: DeskModel }) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const { customer } = view
  const districts = useDistricts()
  const greeting = customer.greeting ? ` ${t(`common:greeting.${customer.greeting}`)}` : ''
  const contacts = view.timeline.slice(0, 5)
  return (
    <>
      <h2 className="text-xl leading-snug font-semibold">
        {customer.name}
        {greeting}
      </h2>
      <p className="mt-0.5 flex flex-wrap items-center gap-1.5">
        <Badge tone="accent">{t(`common:purchaseStage.${customer.purchaseStage}`)}</Badge>
        {customer.valueStage === 'vip' && (
          <Badge tone="accent">★ {t('common:valueStage.vip')}</Badge>
        )}
        {customer.membershipLevel && (
          <Badge>{t(`common:membership.${customer.membershipLevel}`)}</Badge>
        )}
        <Badge>{t(`common:temperature.${customer.temperature}`)}</Badge>
        {customer.district && (
          <span className="text-xs text-muted">{districts.nameOf(customer.district)}</span>
        )}
      </p>
      <p className="mt-1.5 flex flex-wrap gap-x-3 text-sm">
        <span className="font-semibold">{format.money(customer.totalSpend)}</span>
        <span>
          {t('customer.orders', {
            count: customer.totalOrders,
            n: format.number(customer.totalOrders),
          })}
        </span>
        <span className="text-muted">
          {customer.lastOrderDate
            ? t('customer.lastOrder', { when: format.daysAgo(customer.lastOrderDate) })
            : t('customer.noOrder')}
        </span>
      </p>
      <Why task={task} view={view} />
      {view.alerts.length > 0 && (
        <p className="mt-2 flex flex-wrap gap-1.5">
          {view.alerts.map((alert, i) => (
            <Badge key={i} tone={ALERT_TONE[alert.code] ?? 'plain'}>
              {(alert.code === 'complaint_open' || alert.code === 'do_not_call') && (
                <AlertIcon width={12} height={12} />
              )}
              {alert.code === 'reorder_due' && typeof alert.params.nameBn === 'string'
                ? `${format.name(alert.params as { nameBn: string; nameEn: string })}: `
                : ''}
              {t(`alerts.${alert.code}`)}
            </Badge>
          ))}
        </p>
      )}
      <Recommended view={view} model={model} />
      <section className="mt-3">
        <h3 className="text-2xs font-semibold text-muted">{t('customer.contacts')}</h3>
        {contacts.length === 0 && <p className="text-xs text-muted">{t('customer.noContacts')}</p>}
        <ul>
          {contacts.map((item) => (
            <li key={item.id} className="flex gap-2 text-xs leading-6">
              <span className="w-20 shrink-0 text-muted">{format.daysAgo(item.at)}</span>
              <span className="shrink-0 font-medium">{t(`interaction.${item.kind}`)}</span>
              <Said item={item} />
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

function Said({ item }: { item: Interaction }) {
  const { t } = useTranslation(['common', 'desk'])
  const format = useFormat()
  const text = contactLine(item, format, t)
  return (
    <span className="min-w-0 truncate text-muted" title={text}>
      {text}
    </span>
  )
}

/** One key or click puts a suggestion into the basket and, with it, the outcome to "ordered". */
function Recommended({ view, model }: { view: Customer360; model: DeskModel }) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const items = view.recommendations.slice(0, 3)
  const add = (productId: number) => {
    const basket = model.draft?.basket ?? []
    const known = basket.some((line) => line.productId === productId)
    model.edit({
      outcome: 'ordered',
      basket: known
        ? basket.map((l) => (l.productId === productId ? { ...l, quantity: l.quantity + 1 } : l))
        : [...basket, { productId, quantity: 1 }],
    })
  }
  if (items.length === 0) return null
  return (
    <section className="mt-3">
      <h3 className="text-2xs font-semibold text-muted">{t('customer.recommended')}</h3>
      <ul className="mt-0.5">
        {items.map((item, i) => (
          <li key={item.productId}>
            <RecommendedKey index={i} onAdd={() => add(item.productId)} />
            <button
              type="button"
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => add(item.productId)}
              title={t('customer.addToBasket', { name: format.name(item) })}
              className="-mx-1.5 flex w-[calc(100%+12px)] items-center gap-2 rounded px-1.5 text-left text-sm leading-7 hover:bg-hover"
            >
              <span className="min-w-0 flex-1 truncate">
                {format.name(item)}
                <span className="ml-2 text-xs text-muted">{t(`reasons.${item.reason.code}`)}</span>
              </span>
              <span className="text-xs text-muted">{format.money(item.price)}</span>
              <Kbd k={`A ${i + 1}`} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function RecommendedKey({ index, onAdd }: { index: number; onAdd: () => void }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  useKey(
    {
      id: `desk.recommended.${index + 1}`,
      key: `A ${index + 1}`,
      label: t('keys.recommended', { n: format.digits(index + 1) }),
      group: t('basket.title'),
      fixed: true,
    },
    onAdd,
  )
  return null
}
