import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { Button } from './Button'
import { AlertIcon } from './icons'

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx('rounded bg-sunken', className)} />
}

/** Grey lines where a list or text will be, said once to screen readers. */
export function Loading({ lines = 6, className }: { lines?: number; className?: string }) {
  const { t } = useTranslation()
  return (
    <div role="status" className={cx('flex flex-col gap-2', className)}>
      <span className="sr-only">{t('states.loading')}</span>
      {Array.from({ length: lines }, (_, i) => (
        <Skeleton key={i} className={cx('h-5', ['w-full', 'w-11/12', 'w-4/5'][i % 3])} />
      ))}
    </div>
  )
}

export function EmptyState({
  title,
  children,
  action,
}: {
  title?: ReactNode
  children?: ReactNode
  action?: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-8 text-center">
      <div className="text-base font-medium">{title ?? t('states.empty')}</div>
      {children && <p className="max-w-md text-sm text-muted">{children}</p>}
      {action}
    </div>
  )
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-4 py-8 text-center">
      <AlertIcon className="text-bad" width={24} height={24} />
      <p className="text-base font-medium">{t('states.failed')}</p>
      <p className="max-w-md text-sm text-muted">{errorText(error)}</p>
      {onRetry && <Button onClick={onRetry}>{t('actions.retry')}</Button>}
    </div>
  )
}

/** Loading, failed, or the data. What was loaded before stays on screen while it is fetched again. */
export function QueryView<T>({
  query,
  loading,
  children,
}: {
  query: UseQueryResult<T>
  loading?: ReactNode
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  return loading ?? <Loading className="p-4" />
}
