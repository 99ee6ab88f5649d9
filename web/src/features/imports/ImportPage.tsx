import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import i18next from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import type { ImportError, ImportJob } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { download } from '~/lib/csv'
import { MoreButton, usePages } from '~/shared/pages'
import {
  Button,
  buttonClass,
  type Column,
  ConfirmDialog,
  EmptyState,
  Loading,
  Page,
  QueryView,
  Table,
  toast,
} from '~/ui'
import { DownloadIcon } from '~/ui/icons'
import { findingText } from './mapping'
import { Progress, StatusBadge } from './Progress'
import { ended, importQuery, useLiveImports } from './queries'
import { StatusQuestions } from './StatusQuestions'

export function ImportPage({ id, onStarted }: { id: number; onStarted: (id: number) => void }) {
  const { t } = useTranslation('imports')
  const job = useQuery(importQuery(id))
  useLiveImports()
  if (job.error instanceof ApiError && job.error.status === 404) {
    return (
      <EmptyState
        title={<h1>{t('notFound')}</h1>}
        action={
          <Link to="/imports" className={buttonClass('primary')}>
            {t('history')}
          </Link>
        }
      />
    )
  }
  return <QueryView query={job}>{(data) => <View job={data} onStarted={onStarted} />}</QueryView>
}

function View({ job, onStarted }: { job: ImportJob; onStarted: (id: number) => void }) {
  const { t } = useTranslation(['imports', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [asked, setAsked] = useState<'run' | 'cancel' | null>(null)
  const act = useMutation({
    mutationFn: (what: 'run' | 'cancel') => api.post(`/api/cdm/imports/${job.id}/${what}`),
    onSuccess: (next, what) => {
      if (what === 'cancel') toast(t('cancelled'), 'ok')
      void queries.invalidateQueries({ queryKey: ['imports'] })
      if (next?.id !== undefined && next.id !== job.id) onStarted(next.id)
    },
    onSettled: () => setAsked(null),
  })
  const save = useMutation({
    mutationFn: () => api.blob(`/api/cdm/imports/${job.id}/rejected.csv`),
    onSuccess: (blob) => download(`rejected-${job.fileName}`, blob),
  })
  const figures: [string, number, string?][] = [
    [t('rows'), job.totalRows],
    [t('ok'), job.okRows],
    [t('rejected'), job.errorRows, job.errorRows ? 'text-bad' : undefined],
    [t('warnings'), job.warnings, job.warnings ? 'text-wait' : undefined],
    [t(job.dryRun ? 'wouldCreate' : 'created'), job.created],
    [t(job.dryRun ? 'wouldUpdate' : 'updated'), job.updated],
    [t('unchanged'), job.unchanged],
  ]
  const failure = whyFailed(job)
  return (
    <Page
      title={
        <span className="flex flex-wrap items-center gap-3">
          {job.fileName}
          <StatusBadge job={job} />
        </span>
      }
      lead={[t(`kinds.${job.kind}`), job.startedAt && format.dateTime(job.startedAt)]
        .filter(Boolean)
        .join(' · ')}
      actions={
        <>
          <Link to="/imports" className={buttonClass('ghost')}>
            {t('history')}
          </Link>
          {!ended(job) && <Button onClick={() => setAsked('cancel')}>{t('stop')}</Button>}
          {job.errorRows > 0 && ended(job) && (
            <Button icon={<DownloadIcon />} busy={save.isPending} onClick={() => save.mutate()}>
              {t('downloadRejected')}
            </Button>
          )}
          {job.dryRun && job.status === 'done' && (job.okRows > 0 || answered(job)) && (
            <Button variant="primary" onClick={() => setAsked('run')}>
              {t('run', { n: format.number(job.okRows), count: job.okRows })}
            </Button>
          )}
        </>
      }
    >
      <div aria-live="polite" className="flex shrink-0 flex-col gap-2">
        {!ended(job) && <Progress job={job} wide />}
        <p className="text-sm">{t(sentence(job))}</p>
        {failure && (
          <p role="alert" className="text-sm text-bad">
            {failure}
          </p>
        )}
      </div>
      <dl className="grid shrink-0 grid-cols-4 gap-x-4 gap-y-2 rounded-lg border border-line bg-surface px-4 py-2.5 lg:grid-cols-7">
        {figures.map(([label, value, tone]) => (
          <div key={label}>
            <dt className="text-xs text-muted">{label}</dt>
            <dd className={`text-lg font-semibold ${tone ?? ''}`}>{format.number(value)}</dd>
          </div>
        ))}
      </dl>
      {ended(job) && <StatusQuestions job={job} />}
      {job.errorRows > 0 && <Findings id={job.id} severity="errors" title={t('badRows')} />}
      {job.warnings > 0 && <Findings id={job.id} severity="warnings" title={t('warnedRows')} />}
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(open) => !open && setAsked(null)}
        title={t(asked === 'cancel' ? 'stopTitle' : 'runTitle', { name: job.fileName })}
        description={t(asked === 'cancel' ? 'stopLead' : 'runLead')}
        danger={asked === 'cancel'}
        busy={act.isPending}
        confirm={
          asked === 'cancel'
            ? t('stop')
            : t('run', { n: format.number(job.okRows), count: job.okRows })
        }
        onConfirm={() => asked && act.mutate(asked)}
      />
    </Page>
  )
}

/** What has happened or what to do next, in one sentence. */
export function sentence(job: ImportJob) {
  if (job.status === 'queued') return 'said.queued'
  if (job.status === 'running') return 'said.running'
  if (job.status === 'cancelled') return 'said.cancelled'
  if (job.status === 'failed') return 'said.failed'
  if (job.dryRun) return job.errorRows ? 'said.checkedErrors' : 'said.checked'
  return job.errorRows ? 'said.doneErrors' : 'said.done'
}

/** Whether status words were answered after the check, so that more rows are taken than it says. */
export const answered = (job: ImportJob) => Object.keys(job.statuses).length > 0

function whyFailed(job: ImportJob): string | null {
  if (!job.error) return null
  const { code, detail } = job.error
  const key = `common:errors.${code}`
  return i18next.exists(key) ? i18next.t(key as 'common:errors.forbidden') : detail
}

/** Reasons that name amounts or days, which the text of the code alone does not. */
const WITH_AMOUNTS = new Set([
  'line_total_mismatch',
  'order_conflict',
  'order_no_taken',
  'refund_too_large',
  'total_adjusted',
  'total_mismatch',
])

function Findings({
  id,
  severity,
  title,
}: {
  id: number
  severity: 'errors' | 'warnings'
  title: string
}) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  const list = usePages(['import-errors', id, severity], `/api/cdm/imports/${id}/${severity}`)
  const columns: Column<ImportError>[] = [
    {
      key: 'line',
      header: t('line'),
      align: 'right',
      cell: (e) => (e.line ? format.number(e.line) : '–'),
    },
    { key: 'column', header: t('column'), cell: (e) => e.column ?? '–' },
    {
      key: 'value',
      header: t('value'),
      cell: (e) => <code className="text-xs break-all">{e.value ?? ''}</code>,
    },
    {
      key: 'reason',
      header: t('reason'),
      cell: (e) =>
        WITH_AMOUNTS.has(e.code) ? (
          <>
            {findingText(e.code, e.reason)} <span className="text-muted">{e.reason}</span>
          </>
        ) : (
          <span title={e.reason}>{findingText(e.code, e.reason)}</span>
        ),
    },
  ]
  if (list.isPending) return <Loading lines={4} />
  return (
    <section className="flex min-h-0 flex-col gap-2">
      <h2 className="text-sm font-semibold">{title}</h2>
      <Table
        caption={title}
        columns={columns}
        rows={list.rows}
        rowKey={(e) => `${e.line} ${e.column} ${e.code}`}
        empty={<EmptyState />}
      />
      <MoreButton query={list} />
    </section>
  )
}
