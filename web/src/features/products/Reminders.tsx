import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import { categoriesQuery } from '~/api/queries'
import type { CategoryQuality, Quality } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Badge, Button, type Column, EmptyState, QueryView, Table, toast } from '~/ui'

const qualityQuery = () =>
  queryOptions({
    queryKey: keys.reorderQuality,
    queryFn: ({ signal }) => api.get('/api/cdm/reorder/quality', {}, signal),
  })

type Fates = Quality['report']['reminders']['learned']

/** The share of reminders that met a fate; null without any. */
export function share(fates: Fates, fate: keyof Fates): number | null {
  const all = fates.onTime + fates.early + fates.late + fates.wasted
  return all ? fates[fate] / all : null
}

/** How good the reminders have been: the learned rhythm beside the configured table. */
export function Reminders({ manages }: { manages: boolean }) {
  const { t } = useTranslation('products')
  const quality = useQuery(qualityQuery())
  return (
    <QueryView query={quality}>
      {(data) => (
        <div className="flex min-h-0 flex-col gap-3">
          {data.quality ? (
            <Report quality={data.quality} manages={manages} />
          ) : (
            <EmptyState title={t('quality.none')} action={manages ? <LearnNow /> : undefined}>
              {t('quality.noneLead')}
            </EmptyState>
          )}
        </div>
      )}
    </QueryView>
  )
}

/** Learns from the orders as they are now; takes some seconds. */
function LearnNow() {
  const { t } = useTranslation('products')
  const queries = useQueryClient()
  const learn = useMutation({
    mutationFn: () => api.post('/api/cdm/reorder/learn'),
    onSuccess: (answer) => {
      queries.setQueryData(qualityQuery().queryKey, answer)
      void changed.reorder(queries)
      toast(t('quality.learnt'), 'ok')
    },
  })
  return (
    <Button busy={learn.isPending} onClick={() => learn.mutate()}>
      {t(learn.isPending ? 'quality.learning' : 'quality.learn')}
    </Button>
  )
}

function Report({ quality, manages }: { quality: Quality; manages: boolean }) {
  const { t } = useTranslation('products')
  const format = useFormat()
  const { report } = quality
  const number = (n: number) => format.number(n)
  return (
    <>
      <section className="flex flex-wrap items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="flex flex-wrap items-center gap-2 text-sm">
            <Badge tone={quality.inUse ? 'ok' : 'plain'}>
              {t(quality.inUse ? 'quality.inUse' : 'quality.notInUse')}
            </Badge>
            <span className="text-muted">
              {t(report.sampled ? 'quality.learntFromSample' : 'quality.learntFrom', {
                date: format.date(quality.trainedOn),
                purchases: number(report.purchases),
                customers: number(report.customers),
              })}
            </span>
          </p>
          <p className="mt-1 text-sm text-muted">
            {t('quality.judged', { from: format.date(report.fold), to: format.date(report.until) })}
          </p>
        </div>
        {manages && <LearnNow />}
      </section>
      <Fates report={report} />
      <Categories rows={report.categories} />
    </>
  )
}

const FATES = ['onTime', 'early', 'late', 'wasted'] as const

function Fates({ report }: { report: Quality['report'] }) {
  const { t } = useTranslation('products')
  const format = useFormat()
  const shown = (value: number | null) => (value === null ? '–' : format.percent(value))
  const hits = ({ called, bought }: { called: number; bought: number }) =>
    called ? bought / called : null
  const { reminders, calls } = report
  const rows: { key: string; label: string; learned: string; table: string }[] = [
    ...FATES.map((fate) => ({
      key: fate,
      label: t(`quality.fate.${fate}`),
      learned: shown(share(reminders.learned, fate)),
      table: shown(share(reminders.table, fate)),
    })),
    {
      key: 'calls',
      label: t('quality.calls', { n: format.number(calls.learned.called) }),
      learned: shown(hits(calls.learned)),
      table: shown(hits(calls.table)),
    },
  ]
  type Line = (typeof rows)[number]
  const columns: Column<Line>[] = [
    { key: 'label', header: t('quality.what'), cell: (row) => row.label },
    {
      key: 'learned',
      header: t('quality.byLearned'),
      align: 'right',
      cell: (row) => <span className="font-medium">{row.learned}</span>,
    },
    { key: 'table', header: t('quality.byTable'), align: 'right', cell: (row) => row.table },
  ]
  return (
    <Table
      caption={t('quality.fates')}
      className="shrink-0"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.key}
    />
  )
}

function Categories({ rows }: { rows: CategoryQuality[] }) {
  const { t } = useTranslation('products')
  const format = useFormat()
  const categories = useQuery(categoriesQuery())
  const name = (row: CategoryQuality) => {
    const found = categories.data?.items.find((category) => category.id === row.categoryId)
    return found ? format.name(found) : ''
  }
  const shown = (value: number | null) => (value === null ? '–' : format.percent(value))
  const days = (value: number) => t('days', { n: format.number(Math.round(value)) })
  const columns: Column<CategoryQuality>[] = [
    {
      key: 'category',
      header: t('category'),
      cell: (row) => <span className="font-medium">{name(row)}</span>,
    },
    {
      key: 'usual',
      header: t('quality.usual'),
      align: 'right',
      cell: (row) => days(row.usualGapDays),
    },
    {
      key: 'profile',
      header: t('quality.profile'),
      align: 'right',
      cell: (row) => days(row.profileDays),
    },
    {
      key: 'count',
      header: t('quality.count'),
      align: 'right',
      cell: ({ reminders: { learned } }) =>
        format.number(learned.onTime + learned.early + learned.late + learned.wasted),
    },
    {
      key: 'onTime',
      header: t('quality.onTimeLearned'),
      align: 'right',
      cell: (row) => (
        <span className="font-medium">{shown(share(row.reminders.learned, 'onTime'))}</span>
      ),
    },
    {
      key: 'table',
      header: t('quality.onTimeTable'),
      align: 'right',
      cell: (row) => shown(share(row.reminders.table, 'onTime')),
    },
    {
      key: 'wasted',
      header: t('quality.fate.wasted'),
      align: 'right',
      cell: (row) => shown(share(row.reminders.learned, 'wasted')),
    },
  ]
  return (
    <Table
      caption={t('quality.byCategory')}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.categoryId}
      empty={<EmptyState title={t('quality.tooLittle')}>{t('quality.tooLittleLead')}</EmptyState>}
    />
  )
}
