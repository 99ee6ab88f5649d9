import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { productsQuery } from '~/api/queries'
import type { TodayTasks } from '~/api/types'
import { useKey } from '~/lib/keys'
import { Loading, QueryView } from '~/ui'
import { CustomerPanel } from './CustomerPanel'
import { OutcomePanel } from './OutcomePanel'
import { PhonePanel } from './PhonePanel'
import { Queue } from './Queue'
import { deskQuery, todayQuery } from './queries'
import { ScriptPanel } from './ScriptPanel'
import { useDesk } from './useDesk'

const ARRIVED = 'trustcart.arrived'

/** The agent's one screen: nothing scrolls but lists inside panels (1366×768). */
export function DeskPage() {
  const { task } = useSearch({ from: '/app/desk' })
  return <DeskScreen task={task} />
}

/** `task`: one to be opened at once. */
export function DeskScreen({ task }: { task?: number | undefined }) {
  const desk = useQuery(deskQuery())
  const today = useQuery(todayQuery())
  // Ready before the first basket is opened.
  useQuery(productsQuery(true))
  const loading = (
    <div className="grid h-full grid-cols-[208px_1fr_284px_1fr] gap-2 p-2">
      {[8, 10, 6, 10].map((lines, i) => (
        <Loading key={i} lines={lines} className="rounded-lg border border-line bg-surface p-3" />
      ))}
    </div>
  )
  return (
    <QueryView query={desk} loading={loading}>
      {() => (
        <QueryView query={today} loading={loading}>
          {(data) => <Screen today={data} wanted={task} />}
        </QueryView>
      )}
    </QueryView>
  )
}

function Screen({ today, wanted }: { today: TodayTasks; wanted: number | undefined }) {
  const { t } = useTranslation('desk')
  const { model, phone, phoneState, onBreak } = useDesk()
  const { countdown, dialNext, hold, select } = model

  useEffect(() => {
    if (wanted !== undefined) select(wanted)
  }, [wanted, select])

  useArrival()
  useEffect(() => {
    if (!countdown) return
    const timer = setTimeout(() => dialNext(), Math.max(0, countdown.until - Date.now()))
    return () => clearTimeout(timer)
  }, [countdown, dialNext])
  useKey(
    {
      id: 'desk.wait',
      key: 'Space',
      label: t('phone.hold5'),
      group: t('keys.phone'),
      enabled: countdown !== null,
      fixed: true,
    },
    hold,
  )

  return (
    <div
      data-desk=""
      className="grid h-full min-h-[600px] grid-rows-[minmax(0,1fr)_168px] gap-2 p-2"
    >
      <h1 className="sr-only">{t('title')}</h1>
      <div className="grid min-h-0 grid-cols-[208px_minmax(0,1fr)_284px_minmax(0,1.15fr)] gap-2">
        <Queue model={model} today={today} />
        <CustomerPanel model={model} />
        <PhonePanel model={model} phone={phone} state={phoneState} onBreak={onBreak} />
        <ScriptPanel model={model} />
      </div>
      <OutcomePanel model={model} />
    </div>
  )
}

/** Who opens the desk has come to work: online, once a login. After "done for today" it stays so. */
function useArrival() {
  const queries = useQueryClient()
  const agent = useQuery(deskQuery()).data?.agent
  useEffect(() => {
    if (agent?.status !== 'offline' || sessionStorage.getItem(ARRIVED) === String(agent.userId))
      return
    sessionStorage.setItem(ARRIVED, String(agent.userId))
    void api
      .post('/api/telephony/agents/me/status', { status: 'online' })
      .then(() => changed.desk(queries))
      .catch(() => sessionStorage.removeItem(ARRIVED))
  }, [agent, queries])
}
