import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { WebhookDelivery } from '~/api/types'
import { auth } from '~/auth/session'
import { type Format, useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { MoreButton, usePages } from '~/shared/pages'
import {
  Badge,
  Button,
  type Column,
  Dialog,
  EmptyState,
  ErrorState,
  Field,
  Loading,
  Select,
  Table,
  type Tone,
  toast,
} from '~/ui'

const TONE: Record<WebhookDelivery['outcome'], Tone> = {
  applied: 'ok',
  duplicate: 'plain',
  unknown_call: 'wait',
  rejected: 'bad',
}

/** What the telephone system told us, and what became of it: also what could not be used. */
export function Webhooks() {
  const { t } = useTranslation(['calls', 'common'])
  const format = useFormat()
  const [shown, setShown] = useState<WebhookDelivery | null>(null)
  const [outcome, setOutcome] = useState<WebhookDelivery['outcome'] | ''>('')
  const list = usePages(keys.webhooks, '/api/telephony/webhook-deliveries', {
    outcome: outcome || undefined,
  })
  const columns: Column<WebhookDelivery>[] = [
    {
      key: 'at',
      header: t('at'),
      className: 'whitespace-nowrap',
      cell: (w) => format.dateTime(w.receivedAt),
    },
    { key: 'path', header: t('path'), cell: (w) => <code className="text-xs">{w.path}</code> },
    {
      key: 'outcome',
      header: t('outcome'),
      cell: (w) => (
        <span className="inline-flex items-center gap-2">
          <Badge tone={TONE[w.outcome]}>{t(`webhookOutcome.${w.outcome}`)}</Badge>
          {w.code && <code className="text-xs text-muted">{w.code}</code>}
          {w.notes?.length ? <Badge tone="wait">{t('notes')}</Badge> : null}
        </span>
      ),
    },
    {
      key: 'call',
      header: t('externalCall'),
      cell: (w) => <code className="text-xs">{w.externalCallId ?? '–'}</code>,
    },
    {
      key: 'body',
      header: <span className="sr-only">{t('body')}</span>,
      align: 'right',
      cell: (w) => (
        <Button size="sm" variant="ghost" onClick={() => setShown(w)}>
          {t('showBody')}
        </Button>
      ),
    },
  ]
  if (list.isError && list.rows.length === 0) {
    return <ErrorState error={list.error} onRetry={() => void list.refetch()} />
  }
  if (list.isPending) return <Loading lines={12} />
  return (
    <>
      <ClockWarning />
      <Field label={t('outcome')} className="mb-2 w-56">
        {(control) => (
          <Select
            {...control}
            value={outcome}
            onChange={(event) => setOutcome(event.target.value as typeof outcome)}
          >
            <option value="">{t('allOutcomes')}</option>
            {(Object.keys(TONE) as WebhookDelivery['outcome'][]).map((one) => (
              <option key={one} value={one}>
                {t(`webhookOutcome.${one}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Table
        caption={t('view.webhooks')}
        columns={columns}
        rows={list.rows}
        rowKey={(w) => w.id}
        empty={<EmptyState title={t('noWebhooks')}>{t('noWebhooksLead')}</EmptyState>}
      />
      <MoreButton query={list} />
      <Dialog
        open={shown !== null}
        onOpenChange={(open) => !open && setShown(null)}
        size="lg"
        title={t('body')}
        description={shown?.path}
        footer={shown && <Replay delivery={shown} onDone={setShown} />}
      >
        {shown && <Origin delivery={shown} />}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys */}
        <pre tabIndex={0} className="overflow-x-auto rounded bg-sunken p-3 text-xs">
          {shown && pretty(shown.body)}
        </pre>
      </Dialog>
    </>
  )
}

/** A length of time that says how wrong a clock is: seconds do not matter in it. */
function roughly(seconds: number, format: Format): string {
  const s = Math.abs(seconds)
  return format.duration(s < 60 ? s : Math.round(s / 60) * 60)
}

/** The clock of the telephone system is wrong. */
function ClockWarning() {
  const { t } = useTranslation('calls')
  const format = useFormat()
  const clock = useQuery({
    queryKey: keys.webhookClock,
    queryFn: ({ signal }) => api.get('/api/telephony/webhook-clock', {}, signal),
    refetchInterval: 60_000,
  })
  const off = clock.data?.offSeconds
  if (!off) return null
  return (
    <p role="status" className="mb-2 rounded bg-wait-soft px-3 py-2 text-sm text-wait">
      {t(off > 0 ? 'clock.ahead' : 'clock.behind', { time: roughly(off, format) })}
    </p>
  )
}

/** From where it came, and the headers that help to find a fault. */
function Origin({ delivery }: { delivery: WebhookDelivery }) {
  const { t } = useTranslation('calls')
  const format = useFormat()
  const headers = Object.entries(delivery.headers ?? {})
  return (
    <dl className="mb-2 grid grid-cols-[max-content_1fr] gap-x-3 gap-y-0.5 text-xs">
      <dt className="text-muted">{t('outcome')}</dt>
      <dd>
        {t(`webhookOutcome.${delivery.outcome}`)} <code>{delivery.code}</code>
      </dd>
      {delivery.notes?.map((note) => (
        <div key={`${note.code} ${note.field}`} className="contents">
          <dt className="text-muted">{t('notes')}</dt>
          <dd>
            {t(`note.${note.code}`, {
              field: note.field,
              time: roughly(note.seconds ?? 0, format),
            })}
          </dd>
        </div>
      ))}
      {delivery.source && (
        <>
          <dt className="text-muted">{t('source')}</dt>
          <dd>{delivery.source}</dd>
        </>
      )}
      {delivery.tookUs != null && (
        <>
          <dt className="text-muted">{t('took')}</dt>
          <dd>{t('milliseconds', { n: format.number(Math.ceil(delivery.tookUs / 1000)) })}</dd>
        </>
      )}
      {headers.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="break-all">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Applies it once more: after a fault was mended. Safe to press twice, because facts only add up. */
function Replay({
  delivery,
  onDone,
}: {
  delivery: WebhookDelivery
  onDone: (again: WebhookDelivery) => void
}) {
  const { t } = useTranslation('calls')
  const queries = useQueryClient()
  const replay = useMutation({
    mutationFn: () => api.post(`/api/telephony/webhook-deliveries/${delivery.id}/replay`),
    onSuccess: (again) => {
      toast(t('replayed', { outcome: t(`webhookOutcome.${again.outcome}`) }), 'ok')
      onDone(again)
    },
    onSettled: () => changed.webhook(queries),
  })
  if (useStore(auth).user?.role !== 'admin') return null
  return (
    <Button busy={replay.isPending} onClick={() => replay.mutate()}>
      {t('replay')}
    </Button>
  )
}

function pretty(body: unknown): string {
  if (typeof body !== 'string') return JSON.stringify(body, null, 2)
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
