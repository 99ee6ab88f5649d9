import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ImportJob } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import type { ListColumn, Sorting } from '~/shared/list/columns'
import { ListPage } from '~/shared/list/ListPage'
import { buttonClass, EmptyState } from '~/ui'
import { UploadIcon } from '~/ui/icons'
import { Progress, StatusBadge } from './Progress'
import { importsQuery, useLiveImports } from './queries'

/** What was imported, checked and refused so far. */
export function ImportsPage({ onOpen }: { onOpen: (id: number) => void }) {
  const { t } = useTranslation(['imports', 'common'])
  const format = useFormat()
  const jobs = useQuery(importsQuery())
  const [sorting, setSorting] = useState<Sorting>()
  useLiveImports()
  const columns: ListColumn<ImportJob>[] = [
    {
      key: 'file',
      header: t('file'),
      value: (job) => job.fileName,
      fixed: true,
      cell: (job) => (
        <Link
          to="/imports/$id"
          params={{ id: String(job.id) }}
          className="font-medium hover:underline"
          onClick={(e) => e.stopPropagation()}
        >
          {job.fileName}
        </Link>
      ),
    },
    {
      key: 'kind',
      header: t('kind'),
      value: (job) => t(`kinds.${job.kind}`),
      cell: (job) => t(`kinds.${job.kind}`),
    },
    {
      key: 'format',
      header: t('format'),
      value: (job) => t(`formats.${formatKey(job.format)}`),
      cell: (job) => <span className="text-muted">{t(`formats.${formatKey(job.format)}`)}</span>,
    },
    { key: 'status', header: t('status'), cell: (job) => <StatusBadge job={job} /> },
    { key: 'progress', header: t('progress'), cell: (job) => <Progress job={job} /> },
    {
      key: 'errors',
      header: t('rejected'),
      value: (job) => job.errorRows,
      align: 'right',
      cell: (job) =>
        job.errorRows ? (
          <span className="font-medium text-bad">{format.number(job.errorRows)}</span>
        ) : (
          format.number(0)
        ),
    },
    {
      key: 'changed',
      header: t('changed'),
      align: 'right',
      cell: (job) => `${format.number(job.created)} / ${format.number(job.updated)}`,
    },
    {
      key: 'at',
      header: t('at'),
      value: (job) => job.startedAt ?? '',
      className: 'whitespace-nowrap',
      cell: (job) => (job.startedAt ? format.dateTime(job.startedAt) : '–'),
    },
  ]
  const start = (
    <Link to="/imports/new" className={buttonClass('primary')}>
      <UploadIcon />
      {t('new')}
    </Link>
  )
  return (
    <ListPage
      name="imports"
      title={t('title')}
      lead={t('lead')}
      actions={start}
      caption={t('title')}
      columns={columns}
      source={{ ...jobs, rows: jobs.data?.items ?? [] }}
      rowKey={(job) => job.id}
      onRow={(job) => onOpen(job.id)}
      sorting={sorting}
      onSorting={setSorting}
      empty={
        <EmptyState title={t('none')} action={start}>
          {t('noneLead')}
        </EmptyState>
      }
    />
  )
}

export function formatKey(format: string): 'auto' | 'own' | 'woocommerce' | 'shopify' {
  return format === 'woocommerce' || format === 'shopify' || format === 'own' ? format : 'auto'
}
