import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { ImportJob } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { buttonClass, type Column, EmptyState, Page, QueryView, Table } from '~/ui'
import { UploadIcon } from '~/ui/icons'
import { Progress, StatusBadge } from './Progress'
import { importsQuery, useLiveImports } from './queries'

/** What was imported, checked and refused so far. */
export function ImportsPage({ onOpen }: { onOpen: (id: number) => void }) {
  const { t } = useTranslation(['imports', 'common'])
  const format = useFormat()
  const jobs = useQuery(importsQuery())
  useLiveImports()
  const columns: Column<ImportJob>[] = [
    {
      key: 'file',
      header: t('file'),
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
    { key: 'kind', header: t('kind'), cell: (job) => t(`kinds.${job.kind}`) },
    {
      key: 'format',
      header: t('format'),
      cell: (job) => <span className="text-muted">{t(`formats.${formatKey(job.format)}`)}</span>,
    },
    { key: 'status', header: t('status'), cell: (job) => <StatusBadge job={job} /> },
    { key: 'progress', header: t('progress'), cell: (job) => <Progress job={job} /> },
    {
      key: 'errors',
      header: t('rejected'),
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
    <Page title={t('title')} lead={t('lead')} actions={start}>
      <QueryView query={jobs}>
        {({ items }) => (
          <Table
            caption={t('title')}
            columns={columns}
            rows={items}
            rowKey={(job) => job.id}
            onRow={(job) => onOpen(job.id)}
            empty={
              <EmptyState title={t('none')} action={start}>
                {t('noneLead')}
              </EmptyState>
            }
          />
        )}
      </QueryView>
    </Page>
  )
}

export function formatKey(format: string): 'auto' | 'own' | 'woocommerce' | 'shopify' {
  return format === 'woocommerce' || format === 'shopify' || format === 'own' ? format : 'auto'
}
