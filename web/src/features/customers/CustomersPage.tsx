import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { CustomerSummary } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { useKey } from '~/lib/keys'
import { useStore } from '~/lib/store'
import { useDistricts } from '~/shared/District'
import { type ListColumn, phoneValue, takaValue } from '~/shared/list/columns'
import { ListPage } from '~/shared/list/ListPage'
import { useSearchText } from '~/shared/list/useSearchText'
import { usePages } from '~/shared/pages'
import { Lifecycle, Segment, TemperatureBadge } from '~/shared/Segment'
import { Button, EmptyState, Input } from '~/ui'
import { PlusIcon } from '~/ui/icons'
import { AssignDialog } from './AssignDialog'
import { CustomerForm } from './CustomerForm'
import { FilterBar } from './FilterBar'
import { type CustomerFilters, clean, filterCount } from './filters'
import { Segments } from './Segments'

const LEADS = ['admin', 'sales_manager', 'team_leader']

/** The customers one may see, by filters that are kept in the address. */
export function CustomersPage({
  create = false,
  filters,
  onFilters,
  onOpen,
}: {
  /** Opens with the form of a new customer. */
  create?: boolean
  filters: CustomerFilters
  onFilters: (filters: CustomerFilters) => void
  onOpen: (id: number) => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const districts = useDistricts()
  const leads = LEADS.includes(user?.role ?? '')
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [dialog, setDialog] = useState<'assign' | 'unassign' | 'new' | null>(create ? 'new' : null)
  const [text, setText] = useSearchText(filters.q, (q) => onFilters(clean({ ...filters, q })))
  const search = useRef<HTMLInputElement>(null)
  useKey(
    { id: 'list.search', key: 'Slash', label: t('search'), group: t('title'), fixed: true },
    () => search.current?.focus(),
  )

  const list = usePages(keys.customers, '/api/cdm/customers', {
    ...filters,
    assignedTo: filters.assignedTo?.toString(),
    ...(filters.q ? { q: latinDigits(filters.q) } : {}),
  })
  const people = useQuery(directoryQuery())
  const nameOf = (id: number | null | undefined) =>
    id == null ? null : people.data?.items.find((p) => p.id === id)?.name
  const rows = list.rows
  // What is chosen must be on screen, or one would assign what one does not see.
  const picked = rows.filter((row) => chosen.has(row.id))
  const toggle = (ids: number[], on: boolean) =>
    setChosen((old) => {
      const next = new Set(old)
      for (const id of ids) on ? next.add(id) : next.delete(id)
      return next
    })

  const columns: ListColumn<CustomerSummary>[] = [
    ...(leads
      ? [
          {
            key: 'pick',
            className: 'w-8',
            fixed: true,
            header: '',
            head: (
              <input
                type="checkbox"
                className="size-4 align-middle accent-accent"
                aria-label={t('pickAll')}
                checked={rows.length > 0 && picked.length === rows.length}
                onChange={(e) =>
                  toggle(
                    rows.map((row) => row.id),
                    e.target.checked,
                  )
                }
              />
            ),
            cell: (c: CustomerSummary) => (
              <input
                type="checkbox"
                className="size-4 align-middle accent-accent"
                aria-label={t('pick', { name: c.name })}
                checked={chosen.has(c.id)}
                onClick={(e) => e.stopPropagation()}
                onChange={(e) => toggle([c.id], e.target.checked)}
              />
            ),
          } satisfies ListColumn<CustomerSummary>,
        ]
      : []),
    {
      key: 'name',
      header: t('column.name'),
      value: (c) => c.name,
      fixed: true,
      cell: (c) => (
        <Link
          to="/customers/$id"
          params={{ id: String(c.id) }}
          className="font-medium hover:underline"
          onClick={(e) => e.stopPropagation()}
        >
          {c.name}
        </Link>
      ),
    },
    {
      key: 'phone',
      header: t('column.phone'),
      value: (c) => phoneValue(c.phone),
      className: 'whitespace-nowrap',
      cell: (c) => format.phone(c.phone),
    },
    {
      key: 'segment',
      header: t('column.segment'),
      value: (c) =>
        `${t(`common:purchaseStage.${c.purchaseStage}`)} ${t(`common:valueStage.${c.valueStage}`)}`,
      cell: (c) => <Segment customer={c} />,
    },
    {
      key: 'lifecycle',
      header: t('column.lifecycle'),
      value: (c) => t(`common:lifecycle.${c.lifecycleStage}`),
      cell: (c) => (
        <span className="inline-flex gap-1">
          <Lifecycle stage={c.lifecycleStage} />
          {c.temperature === 'hot' && <TemperatureBadge value="hot" />}
        </span>
      ),
    },
    {
      key: 'district',
      header: t('column.district'),
      value: (c) => districts.nameOf(c.district) || '',
      cell: (c) => districts.nameOf(c.district) || '–',
    },
    {
      key: 'orders',
      header: t('column.orders'),
      value: (c) => c.totalOrders,
      align: 'right',
      cell: (c) => format.number(c.totalOrders),
    },
    {
      key: 'spend',
      header: t('column.spend'),
      value: (c) => takaValue(c.totalSpend),
      align: 'right',
      cell: (c) => format.money(c.totalSpend),
    },
    {
      key: 'last',
      header: t('column.lastOrder'),
      value: (c) => c.lastOrderDate ?? '',
      className: 'whitespace-nowrap',
      cell: (c) => (c.lastOrderDate ? format.daysAgo(c.lastOrderDate) : '–'),
    },
    {
      key: 'contact',
      header: t('column.lastContact'),
      value: (c) => c.lastContactAt ?? '',
      className: 'whitespace-nowrap',
      cell: (c) => (c.lastContactAt ? format.daysAgo(c.lastContactAt) : '–'),
    },
    {
      key: 'agent',
      header: t('column.agent'),
      value: (c) => nameOf(c.assignedTo) ?? '',
      cell: (c) => nameOf(c.assignedTo) ?? <span className="text-muted">{t('pool')}</span>,
    },
  ]
  const filtered = filterCount(filters) > 0 || filters.q
  return (
    <ListPage
      name="customers"
      title={t('title')}
      actions={
        <>
          <Input
            ref={search}
            type="search"
            className="w-72"
            aria-label={t('search')}
            placeholder={t('searchHint')}
            aria-keyshortcuts="/"
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          <Segments
            filters={filters}
            leads={leads}
            onFilters={(chosen) => {
              setText(chosen.q ?? '')
              onFilters(chosen)
            }}
          />
          {user?.role !== 'delivery_coordinator' && (
            <Button variant="primary" icon={<PlusIcon />} onClick={() => setDialog('new')}>
              {t('create')}
            </Button>
          )}
        </>
      }
      filters={
        <FilterBar
          filters={filters}
          onChange={(part) => onFilters(clean({ ...filters, ...part }))}
          onClear={() => onFilters(clean({ q: filters.q }))}
          leads={leads}
        />
      }
      caption={t('title')}
      columns={columns}
      source={list}
      rowKey={(c) => c.id}
      onRow={(c) => onOpen(c.id)}
      selected={(c) => chosen.has(c.id)}
      sorting={undefined}
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
                {t('clearAll')}
              </Button>
            ) : undefined
          }
        >
          {filtered ? t('noMatchLead') : t('noneLead')}
        </EmptyState>
      }
      aside={
        picked.length > 0 && (
          <div className="flex flex-wrap items-center gap-2">
            <span className="text-sm">
              {t('picked', { n: format.number(picked.length), count: picked.length })}
            </span>
            <Button variant="primary" onClick={() => setDialog('assign')}>
              {t('assign')}
            </Button>
            <Button onClick={() => setDialog('unassign')}>{t('unassign')}</Button>
            <Button variant="ghost" onClick={() => setChosen(new Set())}>
              {t('clearPicked')}
            </Button>
          </div>
        )
      }
    >
      {(dialog === 'assign' || dialog === 'unassign') && (
        <AssignDialog
          customers={picked}
          mode={dialog}
          onClose={() => setDialog(null)}
          onDone={() => setChosen(new Set())}
        />
      )}
      {dialog === 'new' && (
        <CustomerForm
          onClose={() => {
            setDialog(null)
            if (create) onFilters(filters)
          }}
          onSaved={(c) => onOpen(c.id)}
        />
      )}
    </ListPage>
  )
}
