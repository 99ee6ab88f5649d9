import { useTranslation } from 'react-i18next'
import type { ImportJob } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Badge, type Tone } from '~/ui'

const TONE: Record<ImportJob['status'], Tone> = {
  queued: 'wait',
  running: 'accent',
  done: 'ok',
  failed: 'bad',
  cancelled: 'plain',
}

export function StatusBadge({ job }: { job: ImportJob }) {
  const { t } = useTranslation('imports')
  return (
    <span className="inline-flex items-center gap-1">
      <Badge tone={TONE[job.status]}>{t(`statuses.${job.status}`)}</Badge>
      {job.dryRun && <Badge>{t('dryRun')}</Badge>}
    </span>
  )
}

export function Progress({ job, wide }: { job: ImportJob; wide?: boolean }) {
  const { t } = useTranslation('imports')
  const format = useFormat()
  return (
    <span className="flex items-center gap-2">
      <progress
        aria-label={t('progress')}
        value={job.doneRows}
        max={Math.max(1, job.totalRows)}
        className={`h-1.5 overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent ${wide ? 'w-full' : 'w-24'}`}
      />
      <span className="text-xs whitespace-nowrap text-muted">
        {format.number(job.doneRows)}/{format.number(job.totalRows)}
      </span>
    </span>
  )
}
