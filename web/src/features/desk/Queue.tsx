import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Task, Temperature, TodayTasks } from '~/api/types'
import { type Format, useFormat } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { useNow } from '~/lib/now'
import { useStore } from '~/lib/store'
import { Badge, EmptyState } from '~/ui'
import { cancelled } from './live'
import { useCancelReason } from './useCancelReason'
import type { DeskModel } from './useDesk'

/** Today's calls in the server's order, unfinished wrap-ups first. */
export function Queue({ model, today }: { model: DeskModel; today: TodayTasks }) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const now = useNow(30_000)
  const gone = useStore(cancelled)
  const why = useCancelReason()
  const group = t('keys.group')
  useKey({ id: 'desk.next', key: 'ArrowDown', label: t('queue.next'), group }, () => model.step(1))
  useKey({ id: 'desk.previous', key: 'ArrowUp', label: t('queue.previous'), group }, () =>
    model.step(-1),
  )
  const current = useRef<HTMLLIElement>(null)
  const shownId = model.task?.id
  useEffect(() => {
    if (shownId) current.current?.scrollIntoView({ block: 'nearest' })
  }, [shownId])

  const { hot, warm, cold } = today.counts
  const removed = Object.values(gone).flatMap((c) => (c.task ? [c] : []))
  return (
    <section
      aria-label={t('queue.title')}
      className="flex min-h-0 flex-col rounded-lg border border-line bg-surface"
    >
      <header className="border-b border-line px-3 py-1.5">
        <div className="flex items-baseline gap-2">
          <h2 className="flex-1 text-sm font-semibold">{t('queue.title')}</h2>
          <span className="text-sm text-muted">{format.number(model.queue.length)}</span>
        </div>
        <p className="flex flex-wrap gap-x-2 text-2xs text-muted">
          <span>
            {t('today.mix', {
              hot: format.digits(hot),
              warm: format.digits(warm),
              cold: format.digits(cold),
            })}
          </span>
          {today.backlog > 0 && (
            <span className="text-wait">
              {t('queue.backlog', { n: format.number(today.backlog) })}
            </span>
          )}
        </p>
      </header>
      {model.queue.length === 0 && (
        <EmptyState title={today.counts.total > 0 ? t('queue.empty') : t('queue.none')}>
          {t('queue.emptyLead')}
        </EmptyState>
      )}
      <ol className="min-h-0 flex-1 overflow-y-auto py-1">
        {removed.map(({ task, reason }) =>
          task ? (
            <li key={`gone-${task.id}`} className="px-3 py-1 text-sm text-muted">
              <s className="block truncate">{task.customerName ?? format.phone(task.phone)}</s>
              <span className="block text-2xs">{why(reason)}</span>
            </li>
          ) : null,
        )}
        {model.queue.map((task) => (
          <li
            key={task.id}
            ref={task.id === shownId ? current : undefined}
            className="[contain-intrinsic-size:auto_44px] [content-visibility:auto]"
          >
            <QueueRow
              task={task}
              selected={task.id === shownId}
              unfinished={task.status === 'in_progress'}
              now={now}
              format={format}
              onSelect={() => model.select(task.id)}
            />
          </li>
        ))}
      </ol>
    </section>
  )
}

function QueueRow({
  task,
  selected,
  unfinished,
  now,
  format,
  onSelect,
}: {
  task: Task
  selected: boolean
  unfinished: boolean
  now: number
  format: Format
  onSelect: () => void
}) {
  const { t } = useTranslation(['desk', 'common'])
  const due = task.dueAt ? Date.parse(task.dueAt) : null
  const late = task.promised && due !== null && due < now
  return (
    <button
      type="button"
      onMouseDown={(event) => event.preventDefault()}
      onClick={onSelect}
      aria-current={selected || undefined}
      className={cx(
        'block w-full border-l-2 py-1 pr-2 pl-2.5 text-left',
        selected ? 'border-accent bg-accent-soft' : 'border-transparent hover:bg-hover',
      )}
    >
      <span className="flex items-center gap-1.5">
        <Warmth of={task.temperature} label={t(`common:temperature.${task.temperature}`)} />
        <span className={cx('min-w-0 flex-1 truncate text-sm', selected && 'font-semibold')}>
          {task.customerName ?? format.phone(task.phone)}
        </span>
        {task.valueStage === 'vip' && <Badge tone="accent">{t('common:valueStage.vip')}</Badge>}
      </span>
      <span className="flex items-center gap-1.5 pl-3.5 text-2xs text-muted">
        <span className="min-w-0 truncate">{t(`common:taskKind.${task.kind}`)}</span>
        <span className="flex-1" />
        {unfinished ? (
          <span className="font-medium text-wait">{t('queue.wrapUp')}</span>
        ) : (
          due !== null &&
          task.dueAt && (
            <span className={cx('whitespace-nowrap', late && 'font-medium text-bad')}>
              {late
                ? t('queue.late', { time: format.time(task.dueAt) })
                : `${task.promised ? '◷ ' : ''}${format.time(task.dueAt)}`}
            </span>
          )
        )}
      </span>
    </button>
  )
}

/** Full, half or empty: the temperature by shape, because red and amber mean something else here. */
function Warmth({ of, label }: { of: Temperature; label: string }) {
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className="relative size-2.5 shrink-0 overflow-hidden rounded-full border-[1.5px] border-accent"
    >
      {of !== 'cold' && (
        <span
          className={cx(
            'absolute inset-x-0 bottom-0 bg-accent',
            of === 'hot' ? 'top-0' : 'top-1/2',
          )}
        />
      )}
    </span>
  )
}
