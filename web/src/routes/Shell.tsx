import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { auth } from '~/auth/session'
import { useLanguage } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { useStore } from '~/lib/store'
import { theme } from '~/lib/theme'
import { live } from '~/live/live'
import { Button, Menu } from '~/ui'
import { ChevronIcon, MoonIcon, SunIcon, UserIcon } from '~/ui/icons'
import { Toasts } from '~/ui/toast'
import { logout, saveLanguage, saveTheme } from './account-actions'
import { ConnectionBanner } from './ConnectionBanner'
import { navFor } from './nav'

const KeysDialog = lazy(async () => ({ default: (await import('./KeysDialog')).KeysDialog }))
const LeaderPhone = lazy(async () => ({
  default: (await import('~/features/desk/LeaderPhone')).LeaderPhone,
}))
const AgentBar = lazy(async () => ({
  default: (await import('~/features/desk/AgentBar')).AgentBar,
}))

/** The frame of every page after login: top bar, connection banner, toasts, and the realtime socket. */
export function Shell() {
  const { t } = useTranslation()
  const { user } = useStore(auth)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const userId = user?.id

  useEffect(() => {
    if (userId === undefined) {
      queries.clear()
      void navigate({ to: '/login' })
      return
    }
    live.start()
    const nudge = () => live.nudge()
    const stops = [live.on('resync', () => void queries.invalidateQueries())]
    window.addEventListener('online', nudge)
    document.addEventListener('visibilitychange', nudge)
    return () => {
      for (const stop of stops) stop()
      window.removeEventListener('online', nudge)
      document.removeEventListener('visibilitychange', nudge)
      live.stop()
    }
  }, [userId, navigate, queries])

  if (!user) return null
  return (
    <div className="flex h-full flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-surface focus:px-3 focus:py-1"
      >
        {t('app.skip')}
      </a>
      <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line bg-surface px-3">
        <Link to="/" className="flex items-center gap-2 font-semibold">
          <img src="/icon.svg" alt="" width={22} height={22} />
          <span className="max-[1180px]:sr-only">{t('app.name')}</span>
        </Link>
        <nav
          aria-label={t('nav.label')}
          className="flex min-w-0 items-center gap-0.5 overflow-x-auto"
        >
          {navFor(user.role).map((entry) => (
            <Link
              key={entry.to}
              to={entry.to}
              className="rounded-md px-2 py-1 text-sm whitespace-nowrap text-muted hover:bg-hover hover:text-ink"
              activeProps={{ className: cx('!bg-accent-soft font-medium !text-accent-strong') }}
            >
              {t(`nav.${entry.label}`)}
            </Link>
          ))}
        </nav>
        <div className="min-w-0 flex-1" />
        {user.role === 'team_leader' && (
          <Suspense fallback={null}>
            <LeaderPhone />
          </Suspense>
        )}
        {user.role === 'agent' && (
          <Suspense fallback={null}>
            <AgentBar userId={user.id} />
          </Suspense>
        )}
        <Preferences />
      </header>
      <ConnectionBanner />
      <main id="main" className="min-h-0 flex-1 overflow-auto" tabIndex={-1}>
        <Outlet />
      </main>
      <Toasts />
    </div>
  )
}

/** Language, theme, keys and the person's own menu. */
function Preferences() {
  const { t } = useTranslation()
  const { user } = useStore(auth)
  const language = useLanguage()
  const chosen = useStore(theme)
  const navigate = useNavigate()
  const [keys, setKeys] = useState(false)
  const group = t('nav.label')
  useKey({ id: 'app.help', key: 'Shift+Slash', label: t('keys.help'), group, fixed: true }, () =>
    setKeys(true),
  )
  const next = language === 'bn' ? 'en' : 'bn'
  return (
    <div className="flex shrink-0 items-center gap-0.5">
      <Button variant="ghost" size="sm" lang={next} onClick={() => void saveLanguage(next)}>
        {next === 'en' ? 'EN' : 'বাং'}
        <span className="sr-only">{t('settings.switchLanguage')}</span>
      </Button>
      <Menu
        trigger={
          <Button variant="ghost" size="sm" aria-label={t('settings.switchTheme')}>
            {chosen === 'dark' ? <MoonIcon /> : <SunIcon />}
          </Button>
        }
        groups={[
          {
            title: t('settings.theme'),
            items: (['system', 'light', 'dark'] as const).map((value) => ({
              label: t(`settings.${value}`),
              checked: chosen === value,
              onSelect: () => void saveTheme(value),
            })),
          },
        ]}
      />
      <Button variant="ghost" size="sm" aria-label={t('keys.help')} onClick={() => setKeys(true)}>
        ?
      </Button>
      <Menu
        trigger={
          <Button variant="ghost" size="sm" icon={<UserIcon />}>
            <span className="max-w-28 truncate max-[1280px]:sr-only">{user?.name}</span>
            <ChevronIcon width={12} height={12} />
          </Button>
        }
        groups={[
          {
            title: user ? `${user.name} · ${t(`role.${user.role}`)}` : '',
            items: [
              { label: t('settings.account'), onSelect: () => void navigate({ to: '/account' }) },
            ],
          },
          { items: [{ label: t('actions.logout'), onSelect: () => void logout() }] },
        ]}
      />
      {keys && (
        <Suspense fallback={null}>
          <KeysDialog open onOpenChange={setKeys} />
        </Suspense>
      )}
    </div>
  )
}
