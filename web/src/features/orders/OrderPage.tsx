import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import { changed, keys } from '~/api/keys'
import type { Order, OrderLine, OrderStatus } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { fieldError } from '~/shared/fields'
import { ORDER_STATUSES } from '~/shared/orderStatuses'
import {
  Badge,
  Button,
  buttonClass,
  type Column,
  ConfirmDialog,
  EmptyState,
  Field,
  Input,
  Page,
  QueryView,
  Select,
  Table,
  Textarea,
  toast,
} from '~/ui'
import { counts, STATUS_TONE } from './filters'

export function OrderPage({ id }: { id: number }) {
  const { t } = useTranslation('orders')
  const query = useQuery({
    queryKey: keys.order(id),
    queryFn: ({ signal }) => api.get(`/api/cdm/orders/${id}`, {}, signal),
  })
  if (query.error instanceof ApiError && query.error.status === 404) {
    return (
      <EmptyState
        title={<h1>{t('notFound')}</h1>}
        action={
          <Link to="/orders" className={buttonClass('primary')}>
            {t('toList')}
          </Link>
        }
      />
    )
  }
  return <QueryView query={query}>{(order) => <View order={order} />}</QueryView>
}

/** Taka as typed, in poisha; null: no amount. */
export function poisha(text: string): number | null {
  const plain = latinDigits(text.trim()).replaceAll(',', '')
  if (plain === '') return 0
  return /^\d{1,9}(\.\d{1,2})?$/.test(plain) ? Math.round(Number(plain) * 100) : null
}

function View({ order }: { order: Order }) {
  const { t } = useTranslation(['orders', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<OrderStatus | null>(null)
  const [note, setNote] = useState(order.note ?? '')
  const [refunded, setRefunded] = useState(order.refunded ? String(order.refunded / 100) : '')
  const refund = poisha(refunded)
  const patch = useMutation({
    mutationFn: (body: { status?: OrderStatus; note?: string; refunded?: number }) =>
      api.patch(`/api/cdm/orders/${order.id}`, body),
    onSuccess: (saved) => {
      setAsked(null)
      toast(t('common:actions.saved'), 'ok')
      queries.setQueryData(keys.order(order.id), saved)
      return changed.order(queries, order.customerId)
    },
  })
  const change = (status: OrderStatus) => {
    // Taking an order out of the figures, or back into them, is asked for first.
    if (counts(status) !== counts(order.status)) setAsked(status)
    else patch.mutate({ status })
  }
  const columns: Column<OrderLine>[] = [
    { key: 'product', header: t('product'), cell: (l) => format.name(l) },
    { key: 'sku', header: t('sku'), cell: (l) => <span className="text-muted">{l.sku}</span> },
    {
      key: 'price',
      header: t('unitPrice'),
      align: 'right',
      cell: (l) => format.money(l.unitPrice),
    },
    { key: 'qty', header: t('quantity'), align: 'right', cell: (l) => format.number(l.quantity) },
    { key: 'sum', header: t('total'), align: 'right', cell: (l) => format.money(l.lineTotal) },
  ]
  const facts: [string, string | null | undefined][] = [
    [t('date'), format.date(order.orderDate)],
    [t('placedAt'), format.dateTime(order.placedAt)],
    [t('source'), [order.source, order.externalId].filter(Boolean).join(' · ')],
    [t('payment'), order.paymentMethod],
    [t('counted'), t(`common:states.${order.counted ? 'yes' : 'no'}`)],
  ]
  const sums: [string, number][] = [
    [t('subtotal'), order.subtotal],
    [t('discount'), -order.discount],
    [t('delivery'), order.deliveryCharge],
    ...(order.fees ? [[t('fees'), order.fees] as [string, number]] : []),
  ]
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-3">
          {t('orderNo', { no: format.digits(order.orderNo) })}
          <Badge tone={STATUS_TONE[order.status]}>{t(`common:orderStatus.${order.status}`)}</Badge>
        </span>
      }
      lead={
        <Link
          to="/customers/$id"
          params={{ id: String(order.customerId) }}
          className="text-accent-strong hover:underline"
        >
          {order.customerName} · {format.phone(order.phone)}
        </Link>
      }
      actions={
        <Select
          className="w-44"
          aria-label={t('changeStatus')}
          value={order.status}
          disabled={patch.isPending}
          onChange={(e) => change(e.target.value as OrderStatus)}
        >
          {ORDER_STATUSES.map((status) => (
            <option key={status} value={status}>
              {t(`common:orderStatus.${status}`)}
            </option>
          ))}
        </Select>
      }
    >
      <div className="grid min-h-0 grid-cols-1 items-start gap-4 overflow-y-auto lg:grid-cols-[minmax(0,1fr)_340px]">
        <div>
          <Table caption={t('lines')} columns={columns} rows={order.lines} rowKey={(l) => l.id} />
          <dl className="mt-2 ml-auto w-64 px-3 text-sm">
            {sums.map(([label, value]) => (
              <div key={label} className="flex justify-between py-0.5">
                <dt className="text-muted">{label}</dt>
                <dd>{format.money(value)}</dd>
              </div>
            ))}
            <div className="flex justify-between border-t border-line py-1 font-semibold">
              <dt>{t('total')}</dt>
              <dd>{format.money(order.total)}</dd>
            </div>
            {order.refunded > 0 && (
              <>
                <div className="flex justify-between py-0.5">
                  <dt className="text-muted">{t('refunded')}</dt>
                  <dd>{format.money(-order.refunded)}</dd>
                </div>
                <div className="flex justify-between py-0.5 font-semibold">
                  <dt>{t('kept')}</dt>
                  <dd>{format.money(order.total - order.refunded)}</dd>
                </div>
              </>
            )}
          </dl>
        </div>
        <section aria-label={t('details')} className="rounded-lg border border-line bg-surface p-3">
          <dl className="grid grid-cols-[112px_minmax(0,1fr)] gap-x-3 gap-y-1 text-sm">
            {facts
              .filter(([, value]) => value)
              .map(([label, value]) => (
                <div key={label} className="contents">
                  <dt className="text-muted">{label}</dt>
                  <dd className="break-words">{value}</dd>
                </div>
              ))}
          </dl>
          <form
            className="mt-3 flex items-end gap-2 border-t border-line pt-3"
            onSubmit={(event) => {
              event.preventDefault()
              if (refund !== null) patch.mutate({ refunded: refund })
            }}
          >
            <Field
              label={t('refundedTaka')}
              className="flex-1"
              error={patch.error ? fieldError(patch.error, 'refunded') : undefined}
            >
              {(control) => (
                <Input
                  {...control}
                  inputMode="decimal"
                  value={refunded}
                  onChange={(e) => setRefunded(e.target.value)}
                />
              )}
            </Field>
            <Button
              type="submit"
              size="sm"
              disabled={refund === null || refund === order.refunded || refund > order.total}
              busy={patch.isPending}
            >
              {t('saveRefund')}
            </Button>
          </form>
          <form
            className="mt-3 flex flex-col gap-2 border-t border-line pt-3"
            onSubmit={(event) => {
              event.preventDefault()
              patch.mutate({ note: note.trim() })
            }}
          >
            <Textarea
              rows={3}
              maxLength={1000}
              aria-label={t('note')}
              placeholder={t('note')}
              value={note}
              onChange={(e) => setNote(e.target.value)}
            />
            <Button
              type="submit"
              size="sm"
              className="self-end"
              disabled={note.trim() === (order.note ?? '')}
              busy={patch.isPending}
            >
              {t('saveNote')}
            </Button>
          </form>
        </section>
      </div>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(open) => !open && setAsked(null)}
        title={asked ? t('confirmTitle', { status: t(`common:orderStatus.${asked}`) }) : ''}
        description={t(asked && counts(asked) ? 'confirmBack' : 'confirmOut')}
        danger={asked !== null && !counts(asked)}
        busy={patch.isPending}
        onConfirm={() => asked && patch.mutate({ status: asked })}
      />
    </Page>
  )
}
