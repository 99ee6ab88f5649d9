import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { Message, MessageChannel, MessageStatus } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { csv, download } from '~/lib/csv'
import { civilDate } from '~/lib/format'
import { useStore } from '~/lib/store'
import { useLive } from '~/live/live'
import { DayInput } from '~/shared/DayInput'
import {
  Badge,
  Button,
  type Column,
  ConfirmDialog,
  EmptyState,
  Page,
  QueryView,
  Table,
  type Tone,
  toast,
} from '~/ui'
import { countsOf, rowsOf } from './file'

const CHANNELS: MessageChannel[] = ['whatsapp', 'sms']
const TONE: Record<MessageStatus, Tone> = {
  waiting: 'wait',
  handed_over: 'ok',
  cancelled: 'plain',
  expired: 'plain',
}
/** Rows on screen; the file has all. */
const SHOWN = 200

const messagesQuery = (date?: string) =>
  queryOptions({
    queryKey: keys.messagesOf(date),
    queryFn: ({ signal }) => api.get('/api/crm/messages', { date }, signal),
  })

/** Whom the plan asks to be written to instead of called, and handing that over. */
export function MessagesPage({
  date,
  onDate,
}: {
  date: string | undefined
  onDate: (date: string | undefined) => void
}) {
  const { t } = useTranslation('messages')
  const queries = useQueryClient()
  const today = civilDate(new Date())
  const messages = useQuery(messagesQuery(date))
  const refetch = () => void changed.messages(queries)
  useLive('plan.generated', refetch)
  useLive('plan.undone', refetch)
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={<DayInput label={t('date')} date={date} onDate={onDate} />}
    >
      <QueryView query={messages}>
        {(data) => <Day date={data.date} items={data.items} isToday={data.date === today} />}
      </QueryView>
    </Page>
  )
}

function Day({ date, items, isToday }: { date: string; items: Message[]; isToday: boolean }) {
  const { t } = useTranslation(['messages', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const manages = user?.role === 'admin' || user?.role === 'sales_manager'
  if (items.length === 0) {
    return <EmptyState title={t('empty', { date: format.date(date) })}>{t('emptyLead')}</EmptyState>
  }
  const columns: Column<Message>[] = [
    {
      key: 'customer',
      header: t('customer'),
      className: 'w-56',
      cell: (message) => (
        <>
          <Link
            to="/customers/$id"
            params={{ id: String(message.customerId) }}
            className="font-medium hover:underline"
          >
            {message.name}
          </Link>
          <span className="block text-xs text-muted">{format.phone(message.phone)}</span>
        </>
      ),
    },
    { key: 'channel', header: t('how'), cell: (message) => t(`channel.${message.channel}`) },
    {
      key: 'why',
      header: t('why'),
      cell: (message) => t(`common:taskKind.${message.kind}`),
    },
    { key: 'text', header: t('text'), cell: (message) => message.text },
    {
      key: 'status',
      header: t('state'),
      className: 'whitespace-nowrap',
      cell: (message) => <Badge tone={TONE[message.status]}>{t(`status.${message.status}`)}</Badge>,
    },
  ]
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <ul className="flex flex-wrap gap-x-6 gap-y-2">
        {CHANNELS.map((channel) => (
          <li key={channel} className="flex items-center gap-2">
            <Channel channel={channel} date={date} items={items} handsOver={manages && isToday} />
          </li>
        ))}
      </ul>
      <Table
        caption={t('title')}
        columns={columns}
        rows={items.slice(0, SHOWN)}
        rowKey={(message) => message.id}
      />
      {items.length > SHOWN && (
        <p className="text-sm text-muted">
          {t('more', { shown: format.number(SHOWN), n: format.number(items.length) })}
        </p>
      )}
    </div>
  )
}

/** How many of a channel wait and went out, handing them over, and the file once more. */
function Channel({
  channel,
  date,
  items,
  handsOver,
}: {
  channel: MessageChannel
  date: string
  items: Message[]
  handsOver: boolean
}) {
  const { t } = useTranslation('messages')
  const format = useFormat()
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const { waiting, gone } = countsOf(items, channel)
  const save = (messages: Message[]) =>
    download(
      `messages-${channel}-${date}.csv`,
      csv(rowsOf(messages, [t('name'), t('phone'), t('text')])),
    )
  const handOver = useMutation({
    mutationFn: () => api.post('/api/crm/messages/hand-over', { channel }),
    onSuccess: ({ items: taken }) => {
      setAsked(false)
      if (taken.length > 0) save(taken)
      toast(t('done', { n: format.number(taken.length), count: taken.length }), 'ok')
      return changed.messages(queries)
    },
  })
  return (
    <>
      <span className="text-sm">
        <strong className="font-semibold">{t(`channel.${channel}`)}</strong>{' '}
        {t('counts', { waiting: format.number(waiting), gone: format.number(gone.length) })}
      </span>
      {handsOver && waiting > 0 && (
        <Button size="sm" variant="primary" onClick={() => setAsked(true)}>
          {t(`handOver.${channel}`)}
        </Button>
      )}
      {gone.length > 0 && (
        <Button size="sm" onClick={() => save(gone)}>
          {t(`again.${channel}`)}
        </Button>
      )}
      <ConfirmDialog
        open={asked}
        onOpenChange={setAsked}
        title={t('sure', { n: format.number(waiting), channel: t(`channel.${channel}`) })}
        description={t('sureLead')}
        confirm={t('sureDo')}
        busy={handOver.isPending}
        onConfirm={() => handOver.mutate()}
      />
    </>
  )
}
