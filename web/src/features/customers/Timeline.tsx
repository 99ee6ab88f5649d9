import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import i18next from 'i18next'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Interaction } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Badge, Button, EmptyState, Textarea, toast } from '~/ui'

/** Calls, orders, notes and changes in one row each, the newest first; a note can be added above. */
export function Timeline({ customerId, items }: { customerId: number; items: Interaction[] }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const people = useQuery(directoryQuery())
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const save = useMutation({
    mutationFn: () => api.post(`/api/cdm/customers/${customerId}/notes`, { text: text.trim() }),
    onSuccess: () => {
      setText('')
      toast(t('noteSaved'), 'ok')
      return changed.customerDetail(queries, customerId)
    },
  })
  const said = (item: Interaction) => {
    const key = `customers:summary.${item.summary}`
    return i18next.exists(key) ? i18next.t(key as 'customers:summary.other') : item.summary
  }
  return (
    <div className="flex flex-col gap-3">
      <form
        className="flex items-start gap-2"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          if (text.trim()) save.mutate()
        }}
      >
        <Textarea
          rows={1}
          maxLength={2000}
          className="h-8"
          aria-label={t('note')}
          placeholder={t('noteHint')}
          value={text}
          onChange={(e) => setText(e.target.value)}
        />
        <Button type="submit" busy={save.isPending} disabled={!text.trim()}>
          {t('addNote')}
        </Button>
      </form>
      {items.length === 0 ? (
        <EmptyState title={t('noHistory')}>{t('noHistoryLead')}</EmptyState>
      ) : (
        <ol className="rounded-lg border border-line bg-surface">
          {items.map((item) => (
            <li
              key={item.id}
              className="grid grid-cols-[128px_88px_minmax(0,1fr)] gap-2 border-b border-line/60 px-3 py-1.5 text-sm last:border-0"
            >
              <time dateTime={item.at} className="text-xs leading-6 text-muted">
                {format.dateTime(item.at)}
              </time>
              <span>
                <Badge>{t(`kind.${item.kind}`)}</Badge>
              </span>
              <div className="min-w-0">
                {item.kind !== 'note' && <span>{said(item)}</span>}
                <OrderFacts data={item.data} />
                {item.text && (
                  <p
                    className={
                      item.kind === 'note'
                        ? 'whitespace-pre-line'
                        : 'whitespace-pre-line text-muted'
                    }
                  >
                    {item.text}
                  </p>
                )}
                {item.userId != null && (
                  <span className="text-xs text-muted">
                    {' '}
                    {people.data?.items.find((p) => p.id === item.userId)?.name}
                  </span>
                )}
              </div>
            </li>
          ))}
        </ol>
      )}
    </div>
  )
}

/** The number and sum of an order, as the entry keeps them. */
function OrderFacts({ data }: { data: unknown }) {
  const format = useFormat()
  if (typeof data !== 'object' || data === null) return null
  const { orderId, orderNo, total } = data as Record<string, unknown>
  if (typeof orderId !== 'number') return null
  return (
    <span className="ml-2">
      <Link
        to="/orders/$id"
        params={{ id: String(orderId) }}
        className="font-medium hover:underline"
      >
        {format.digits(String(orderNo ?? orderId))}
      </Link>
      {typeof total === 'number' && <span className="ml-2">{format.money(total)}</span>}
    </span>
  )
}
