import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { keys } from '~/api/keys'
import type { Order } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { type ListColumn, phoneValue, takaValue } from '~/shared/list/columns'
import { ListPage } from '~/shared/list/ListPage'
import { useSearchText } from '~/shared/list/useSearchText'
import { ORDER_STATUSES } from '~/shared/orderStatuses'
import { usePages } from '~/shared/pages'
import { Badge, Button, EmptyState, Input, Select } from '~/ui'
import { type OrderFilters, STATUS_TONE } from './filters'

/** All orders one may see, from wherever they came. */
export function OrdersPage({
  filters,
  onFilters,
  onOpen,
}: {
  filters: OrderFilters
  onFilters: (filters: OrderFilters) => void
  onOpen: (id: number) => void
}) {
  const { t } = useTranslation(['orders', 'common'])
  const format = useFormat()
  const [text, setText] = useSearchText(filters.q, (q) => onFilters({ ...filters, q }))
  const list = usePages(keys.orders, '/api/cdm/orders', {
    ...filters,
    ...(filters.q ? { q: latinDigits(filters.q) } : {}),
  })
  const columns: ListColumn<Order>[] = [
    {
      key: 'no',
      header: t('no'),
      value: (o) => o.orderNo,
      fixed: true,
      cell: (o) => (
        <Link
          to="/orders/$id"
          params={{ id: String(o.id) }}
          className="font-medium whitespace-nowrap hover:underline"
          onClick={(e) => e.stopPropagation()}
        >
          {format.digits(o.orderNo)}
        </Link>
      ),
    },
    {
      key: 'date',
      header: t('date'),
      value: (o) => o.orderDate,
      serverSort: true,
      className: 'whitespace-nowrap',
      cell: (o) => format.date(o.orderDate),
    },
    {
      key: 'customer',
      header: t('customer'),
      value: (o) => o.customerName,
      cell: (o) => (
        <Link
          to="/customers/$id"
          params={{ id: String(o.customerId) }}
          className="hover:underline"
          onClick={(e) => e.stopPropagation()}
        >
          {o.customerName}
        </Link>
      ),
    },
    {
      key: 'phone',
      header: t('phone'),
      value: (o) => phoneValue(o.phone),
      className: 'whitespace-nowrap',
      cell: (o) => format.phone(o.phone),
    },
    {
      key: 'source',
      header: t('source'),
      value: (o) => o.source,
      cell: (o) => <span className="text-muted">{o.source}</span>,
    },
    {
      key: 'status',
      header: t('status'),
      value: (o) => t(`common:orderStatus.${o.status}`),
      cell: (o) => (
        <Badge tone={STATUS_TONE[o.status]}>{t(`common:orderStatus.${o.status}`)}</Badge>
      ),
    },
    {
      key: 'lines',
      header: t('lines'),
      value: (o) => o.lines.map((l) => `${format.name(l)} × ${l.quantity}`).join(', '),
      cell: (o) => (
        <span className="line-clamp-1 text-muted">
          {o.lines.map((l) => `${format.name(l)} × ${format.number(l.quantity)}`).join(', ')}
        </span>
      ),
    },
    {
      key: 'total',
      header: t('total'),
      value: (o) => takaValue(o.total),
      align: 'right',
      cell: (o) => <span className="font-medium">{format.money(o.total)}</span>,
    },
  ]
  const filtered = Object.entries(filters).some(([key, value]) => key !== 'sort' && value)
  return (
    <ListPage
      name="orders"
      title={t('title')}
      actions={
        <>
          <Input
            type="search"
            className="w-60"
            aria-label={t('search')}
            placeholder={t('search')}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          <Select
            className="w-40"
            aria-label={t('status')}
            value={filters.status ?? ''}
            onChange={(e) =>
              onFilters({
                ...filters,
                status: (e.target.value || undefined) as OrderFilters['status'],
              })
            }
          >
            <option value="">{t('allStatuses')}</option>
            {ORDER_STATUSES.map((status) => (
              <option key={status} value={status}>
                {t(`common:orderStatus.${status}`)}
              </option>
            ))}
          </Select>
          {(['from', 'to'] as const).map((edge) => (
            <Input
              key={edge}
              type="date"
              className="w-36"
              aria-label={t(edge)}
              title={t(edge)}
              value={filters[edge] ?? ''}
              onChange={(e) => onFilters({ ...filters, [edge]: e.target.value || undefined })}
            />
          ))}
        </>
      }
      caption={t('title')}
      columns={columns}
      source={list}
      rowKey={(o) => o.id}
      onRow={(o) => onOpen(o.id)}
      sorting={{ by: 'date', desc: filters.sort !== 'oldest' }}
      onSorting={() =>
        onFilters({ ...filters, sort: filters.sort === 'oldest' ? undefined : 'oldest' })
      }
      empty={
        <EmptyState
          title={filtered ? t('noMatch') : t('none')}
          action={
            filtered ? (
              <Button
                onClick={() => {
                  setText('')
                  onFilters({ sort: filters.sort })
                }}
              >
                {t('clear')}
              </Button>
            ) : undefined
          }
        >
          {filtered ? t('noMatchLead') : t('noneLead')}
        </EmptyState>
      }
    />
  )
}
