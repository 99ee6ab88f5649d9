import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import type { AgentState, AgentStatus, Desk } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { useKey } from '~/lib/keys'
import { useNow } from '~/lib/now'
import { Button, Dot, Menu, type MenuItem, type Tone } from '~/ui'
import { ChevronIcon } from '~/ui/icons'
import { IncomingCall } from './IncomingCall'
import { useDeskLive } from './live'
import { PhoneStatus } from './PhoneStatus'
import { deskQuery } from './queries'
import { TodayMenu } from './TodayMenu'

const TONE: Record<AgentStatus['status'], Tone> = {
  offline: 'plain',
  online: 'ok',
  on_call: 'ok',
  wrap_up: 'wait',
  break: 'wait',
}
const REASONS = ['tea', 'lunch', 'prayer', 'meeting', 'other'] as const
type Reason = (typeof REASONS)[number]
const known = (reason: string): reason is Reason => (REASONS as readonly string[]).includes(reason)

/** The agent's part of the top bar, on every page: status with its timer, microphone, line, the day so far. */
export function AgentBar({ userId }: { userId: number }) {
  useDeskLive(userId)
  const desk = useQuery(deskQuery())
  return (
    <>
      {desk.data && (
        <div className="flex min-w-0 items-center justify-end gap-2 overflow-hidden text-sm whitespace-nowrap">
          <Status agent={desk.data.agent} />
          <PhoneStatus />
          <TodayMenu today={desk.data.today} />
        </div>
      )}
      <IncomingCall />
    </>
  )
}

function Status({ agent }: { agent: AgentStatus }) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const now = useNow()
  const [open, setOpen] = useState(false)
  const change = useMutation({
    mutationFn: (body: { status: AgentState; reason?: string; afterCall?: boolean }) =>
      api.post('/api/telephony/agents/me/status', body),
    onSuccess: (next) => {
      queries.setQueryData<Desk>(deskQuery().queryKey, (data) => data && { ...data, agent: next })
    },
  })
  const key = useKey(
    { id: 'desk.status', key: 'K', label: t('keys.status'), group: t('keys.group') },
    () => (agent.status === 'break' ? change.mutate({ status: 'online' }) : setOpen(true)),
  )
  const busy = agent.status === 'on_call' || agent.status === 'wrap_up'
  const words = (reason: string) => (known(reason) ? t(`status.reasons.${reason}`) : reason)
  const breaks: MenuItem[] = REASONS.map((reason) => ({
    label: words(reason),
    onSelect: () =>
      change.mutate({ status: 'break', reason, ...(busy ? { afterCall: true } : {}) }),
  }))
  const presence: MenuItem[] = []
  if (agent.status === 'break' || agent.status === 'offline' || agent.breakAfterCall) {
    presence.push({
      label: t(agent.status === 'break' ? 'status.endBreak' : 'status.online'),
      onSelect: () => change.mutate({ status: 'online' }),
    })
  }
  if (!busy && agent.status !== 'offline') {
    presence.push({
      label: t('status.offline'),
      onSelect: () => change.mutate({ status: 'offline' }),
    })
  }
  const label = (
    <>
      {t(`common:agentState.${agent.status}`)}
      {agent.status === 'break' && agent.reason ? ` · ${words(agent.reason)}` : ''}
    </>
  )
  return (
    <Menu
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button size="sm" variant="ghost" k={key} title={t('status.change')}>
          <Dot tone={TONE[agent.status]} />
          <span className="min-w-0 truncate font-medium">{label}</span>
          {agent.status !== 'offline' && (
            <span className="shrink-0 text-muted">
              {format.clock((now - Date.parse(agent.since)) / 1000)}
            </span>
          )}
          {agent.breakAfterCall && (
            <span className="text-xs text-wait @max-[560px]:sr-only">
              {t('status.afterCallOn')}
            </span>
          )}
          <ChevronIcon width={12} height={12} />
        </Button>
      }
      groups={[
        { title: busy ? t('status.afterCall') : t('status.break'), items: breaks },
        ...(presence.length > 0 ? [{ items: presence }] : []),
      ]}
    />
  )
}
