import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '~/api/keys'
import type { Order } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { useDebounced } from '~/lib/debounce'
import { latinDigits } from '~/lib/format'
import { MoreButton, usePages } from '~/shared/pages'
import {
  Badge,
  Button,
  type Column,
  EmptyState,
  ErrorState,
  Input,
  Loading,
  Page,
  Select,
  Table,
} from '~/ui'
import { ORDER_STATUSES, type OrderFilters, STATUS_TONE } from './filters'

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
  const [text, setText] = useState(filters.q ?? '')
  const settled = useDebounced(text, 180)
  const latest = useRef({ filters, onFilters })
  latest.current = { filters, onFilters }
  useEffect(() => {
    const { filters: now, onFilters: change } = latest.current
    if ((now.q ?? '') !== settled.trim()) change({ ...now, q: settled.trim() || undefined })
  }, [settled])
  const list = usePages(keys.orders, '/api/cdm/orders', {
    ...filters,
    ...(filters.q ? { q: latinDigits(filters.q) } : {}),
  })
  const columns: Column<Order>[] = [
    {
      key: 'no',
      header: t('no'),
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
      className: 'whitespace-nowrap',
      cell: (o) => format.date(o.orderDate),
    },
    {
      key: 'customer',
      header: t('customer'),
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
      className: 'whitespace-nowrap',
      cell: (o) => format.phone(o.phone),
    },
    {
      key: 'source',
      header: t('source'),
      cell: (o) => <span className="text-muted">{o.source}</span>,
    },
    {
      key: 'status',
      header: t('status'),
      cell: (o) => (
        <Badge tone={STATUS_TONE[o.status]}>{t(`common:orderStatus.${o.status}`)}</Badge>
      ),
    },
    {
      key: 'lines',
      header: t('lines'),
      cell: (o) => (
        <span className="line-clamp-1 text-muted">
          {o.lines.map((l) => `${format.name(l)} × ${format.number(l.quantity)}`).join(', ')}
        </span>
      ),
    },
    {
      key: 'total',
      header: t('total'),
      align: 'right',
      cell: (o) => <span className="font-medium">{format.money(o.total)}</span>,
    },
  ]
  const filtered = Object.values(filters).some((value) => value !== undefined)
  return (
    <Page
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
    >
      {list.isError && list.rows.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading lines={12} />
      ) : (
        <Table
          caption={t('title')}
          columns={columns}
          rows={list.rows}
          rowKey={(o) => o.id}
          onRow={(o) => onOpen(o.id)}
          className={list.isPlaceholderData ? 'opacity-70' : undefined}
          empty={
            <EmptyState
              title={filtered ? t('noMatch') : t('none')}
              action={
                filtered ? (
                  <Button
                    onClick={() => {
                      setText('')
                      onFilters({})
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
      )}
      <MoreButton query={list} />
    </Page>
  )
}
