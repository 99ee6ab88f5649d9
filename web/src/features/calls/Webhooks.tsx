import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { WebhookDelivery } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { MoreButton, usePages } from '~/parts/pages'
import {
  Badge,
  Button,
  type Column,
  Dialog,
  EmptyState,
  ErrorState,
  Loading,
  Table,
  type Tone,
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
  const list = usePages(['webhook-deliveries'], '/api/telephony/webhook-deliveries')
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
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys */}
        <pre tabIndex={0} className="overflow-x-auto rounded bg-sunken p-3 text-xs">
          {shown && pretty(shown.body)}
        </pre>
      </Dialog>
    </>
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
