import { useQuery } from '@tanstack/react-query'
import { useId, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Desk } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Button } from '~/ui'
import { productToPush, promisesByHour } from './day'
import { todayQuery } from './queries'

/** The day so far: done of total, pace, when it will be finished; a click shows the results. */
export function TodayMenu({ today }: { today: Desk['today'] }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const place = () => {
    const below = button.current?.getBoundingClientRect()
    if (!below || !panel.current) return
    panel.current.style.top = `${below.bottom + 6}px`
    panel.current.style.left = `${below.left}px`
  }
  const tasks = useQuery(todayQuery()).data?.items ?? []
  const promises = promisesByHour(tasks)
  const push = productToPush(tasks)
  const share = today.total > 0 ? today.done / today.total : 0
  const done = format.number(today.done)
  const total = format.number(today.total)
  const rows: [string, string][] = [
    [t('today.reached'), format.number(today.reached)],
    [t('today.notReached'), format.number(today.notReached)],
    [t('today.ordered'), format.number(today.ordered)],
    [t('today.revenue'), format.money(today.revenue)],
    [t('today.followUps'), format.number(today.followUps)],
    [t('today.talk'), format.duration(today.talkSeconds)],
  ]
  return (
    <>
      <Button
        ref={button}
        popoverTarget={id}
        size="sm"
        variant="ghost"
        title={t('today.progressLabel', { done, total })}
      >
        <span className="font-semibold">{t('today.progress', { done, total })}</span>
        <span
          aria-hidden
          className="h-1.5 w-14 overflow-hidden rounded-full bg-sunken @max-[400px]:hidden"
        >
          <span
            className="block h-full rounded-full bg-accent"
            style={{ width: `${Math.round(share * 100)}%` }}
          />
        </span>
        <span className="font-normal text-muted @max-[480px]:hidden">
          {t('today.pace', { n: format.digits(Math.round(today.pacePerHour)) })}
        </span>
        {today.projectedFinish && (
          <span className="font-normal text-muted @max-[600px]:hidden">
            {t('today.finish', { time: format.time(today.projectedFinish) })}
          </span>
        )}
      </Button>
      <div
        id={id}
        ref={panel}
        popover="auto"
        onBeforeToggle={place}
        className="inset-auto w-64 text-ink rounded-md border border-line bg-surface p-3 text-sm shadow-lg"
      >
        <h2 className="mb-1 text-xs font-semibold text-muted">{t('today.details')}</h2>
        <dl className="grid grid-cols-[1fr_auto] gap-y-1">
          {rows.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="text-right font-medium">{value}</dd>
            </div>
          ))}
        </dl>
        {promises.length > 0 && (
          <>
            <h2 className="mt-3 mb-1 text-xs font-semibold text-muted">{t('today.promises')}</h2>
            <ul className="flex flex-wrap gap-1.5">
              {promises.map(({ hour, count }) => (
                <li key={hour} className="rounded bg-sunken px-1.5 text-xs leading-6">
                  {format.digits(hour)} · <b>{format.digits(count)}</b>
                </li>
              ))}
            </ul>
          </>
        )}
        {push && (
          <p className="mt-3">
            <span className="block text-xs font-semibold text-muted">{t('today.push')}</span>
            {format.name(push)}{' '}
            <span className="text-xs text-muted">
              {t('today.pushCount', { n: format.number(push.count) })}
            </span>
          </p>
        )}
      </div>
    </>
  )
}
