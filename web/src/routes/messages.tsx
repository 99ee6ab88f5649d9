import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Button, buttonClass, EmptyState } from '~/ui'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <main className="grid h-full place-items-center">
      <EmptyState
        title={<h1>{t('states.notFound')}</h1>}
        action={
          <Link to="/" className={buttonClass('primary')}>
            {t('states.home')}
          </Link>
        }
      >
        {t('states.notFoundLead')}
      </EmptyState>
    </main>
  )
}

/** A new version replaces the chunks an open tab still refers to: one reload fetches them. */
function isStaleChunk(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script/i.test(error.message)
}

export function CrashPage({ error }: { error: unknown }) {
  const { t } = useTranslation()
  useEffect(() => {
    if (!isStaleChunk(error)) return
    const last = Number(sessionStorage.getItem('trustcart.reloaded') ?? 0)
    if (Date.now() - last < 30_000) return
    sessionStorage.setItem('trustcart.reloaded', String(Date.now()))
    location.reload()
  }, [error])
  return (
    <main className="grid h-full place-items-center">
      <EmptyState
        title={<h1>{t('states.crashed')}</h1>}
        action={
          <Button variant="primary" onClick={() => location.reload()}>
            {t('actions.reload')}
          </Button>
        }
      >
        {t('states.crashedLead')}
      </EmptyState>
    </main>
  )
}
