import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { changed, keys } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Call } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { useLive } from '~/live/live'
import { type ListColumn, phoneValue } from '~/shared/list/columns'
import { List } from '~/shared/list/ListPage'
import { usePages } from '~/shared/pages'
import { Recording } from '~/shared/Recording'
import { Badge, EmptyState, Input, Page, Segmented, Select, type Tone } from '~/ui'
import { CALL_STATUSES, type CallFilters } from './filters'
import { Webhooks } from './Webhooks'

const TONE: Partial<Record<Call['status'], Tone>> = {
  answered: 'ok',
  completed: 'ok',
  missed: 'bad',
  failed: 'bad',
  ringing: 'accent',
  initiated: 'accent',
}

/** Every call with its result and recording; for leaders also what the telephone system sent. */
export function CallsPage({
  filters,
  onFilters,
}: {
  filters: CallFilters
  onFilters: (filters: CallFilters) => void
}) {
  const { t } = useTranslation(['calls', 'common'])
  const { user } = useStore(auth)
  const leads = ['admin', 'sales_manager', 'team_leader'].includes(user?.role ?? '')
  const view = leads && filters.view === 'webhooks' ? 'webhooks' : 'calls'
  return (
    <Page
      title={t('title')}
      lead={t(view === 'calls' ? 'lead' : 'webhooksLead')}
      actions={
        <>
          {view === 'calls' && <Filters filters={filters} onFilters={onFilters} leads={leads} />}
          {leads && (
            <Segmented
              label={t('views')}
              value={view}
              onChange={(value) => onFilters(value === 'webhooks' ? { view: 'webhooks' } : {})}
              items={[
                { value: 'calls', label: t('view.calls') },
                { value: 'webhooks', label: t('view.webhooks') },
              ]}
            />
          )}
        </>
      }
    >
      {view === 'calls' ? <CallLog filters={filters} onFilters={onFilters} /> : <Webhooks />}
    </Page>
  )
}

function Filters({
  filters,
  onFilters,
  leads,
}: {
  filters: CallFilters
  onFilters: (filters: CallFilters) => void
  leads: boolean
}) {
  const { t } = useTranslation(['calls', 'common'])
  const people = useQuery(directoryQuery())
  return (
    <>
      {leads && (
        <Select
          className="w-44"
          aria-label={t('agent')}
          value={filters.agentId ?? ''}
          onChange={(e) =>
            onFilters({ ...filters, agentId: e.target.value ? Number(e.target.value) : undefined })
          }
        >
          <option value="">{t('allAgents')}</option>
          {(people.data?.items ?? [])
            .filter((person) => person.role === 'agent')
            .map((person) => (
              <option key={person.id} value={person.id}>
                {person.name}
              </option>
            ))}
        </Select>
      )}
      <Select
        className="w-36"
        aria-label={t('status')}
        value={filters.gaps ? 'gaps' : (filters.status ?? '')}
        onChange={(e) => {
          const gaps = e.target.value === 'gaps' || undefined
          const status = gaps ? undefined : e.target.value || undefined
          onFilters({ ...filters, gaps, status: status as CallFilters['status'] })
        }}
      >
        <option value="">{t('allStatuses')}</option>
        <option value="gaps">{t('gaps')}</option>
        {CALL_STATUSES.map((status) => (
          <option key={status} value={status}>
            {t(`common:callStatus.${status}`)}
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
  )
}

function CallLog({
  filters: { view: _, ...filters },
  onFilters,
}: {
  filters: CallFilters
  onFilters: (filters: CallFilters) => void
}) {
  const { t } = useTranslation(['calls', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const people = useQuery(directoryQuery())
  const list = usePages(keys.calls, '/api/telephony/calls', { ...filters })
  // A call that begins or ends belongs into the log; the steps between do not matter here.
  useLive('call.updated', ({ call }) => {
    if (call.endedAt || call.status === 'initiated') {
      void changed.call(queries)
    }
  })
  const agentOf = (call: Call) =>
    people.data?.items.find((person) => person.id === call.agentUserId)?.name
  const columns: ListColumn<Call>[] = [
    {
      key: 'at',
      header: t('at'),
      value: (c) => c.startedAt,
      serverSort: true,
      fixed: true,
      className: 'whitespace-nowrap',
      cell: (c) => format.dateTime(c.startedAt),
    },
    {
      key: 'direction',
      header: t('direction'),
      value: (c) => t(`way.${c.direction}`),
      cell: (c) => t(`way.${c.direction}`),
    },
    {
      key: 'customer',
      header: t('customer'),
      value: (c) => c.customerName ?? '',
      cell: (c) =>
        c.customerId ? (
          <Link
            to="/customers/$id"
            params={{ id: String(c.customerId) }}
            className="font-medium hover:underline"
          >
            {c.customerName ?? format.phone(c.customerPhone)}
          </Link>
        ) : (
          <span className="text-muted">{t('unknown')}</span>
        ),
    },
    {
      key: 'phone',
      header: t('phone'),
      value: (c) => phoneValue(c.customerPhone),
      className: 'whitespace-nowrap',
      cell: (c) =>
        c.customerPhone ? (
          format.phone(c.customerPhone)
        ) : (
          <span className="text-muted">{t('withheld')}</span>
        ),
    },
    {
      key: 'agent',
      header: t('agent'),
      value: (c) => agentOf(c) ?? '',
      cell: (c) => agentOf(c) ?? (c.agentExtension ? format.digits(c.agentExtension) : '–'),
    },
    {
      key: 'status',
      header: t('status'),
      value: (c) => t(`common:callStatus.${c.status}`),
      cell: (c) => (
        <span className="inline-flex items-center gap-1">
          <Badge tone={TONE[c.status] ?? 'plain'}>{t(`common:callStatus.${c.status}`)}</Badge>
          {c.provider === 'by_hand' && <span className="text-2xs text-muted">{t('byHand')}</span>}
          {c.mode === 'mock' && <span className="text-2xs text-muted">{t('simulated')}</span>}
        </span>
      ),
    },
    {
      key: 'length',
      header: t('length'),
      value: (c) => c.durationSeconds ?? '',
      align: 'right',
      cell: (c) => (c.durationSeconds ? format.clock(c.durationSeconds) : '–'),
    },
    {
      key: 'recording',
      header: t('recording'),
      cell: (c) =>
        c.recordingUrl ? <Recording callId={c.id} seconds={c.recordingDuration} /> : '–',
    },
  ]
  const filtered = Object.entries(filters).some(([key, value]) => key !== 'sort' && value)
  return (
    <List
      name="calls"
      caption={t('title')}
      columns={columns}
      source={list}
      rowKey={(c) => c.id}
      sorting={{ by: 'at', desc: filters.sort !== 'oldest' }}
      onSorting={() =>
        onFilters({ ...filters, sort: filters.sort === 'oldest' ? undefined : 'oldest' })
      }
      empty={
        <EmptyState title={filtered ? t('noMatch') : t('none')}>
          {filtered ? t('noMatchLead') : t('noneLead')}
        </EmptyState>
      }
    />
  )
}
