import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useMatches, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreference } from '~/auth/preference'
import { auth } from '~/auth/session'
import { useLanguage } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { useMedia } from '~/lib/media'
import { useStore } from '~/lib/store'
import { theme } from '~/lib/theme'
import { live } from '~/live/live'
import { Button, Menu } from '~/ui'
import { ChevronIcon, MenuIcon, MoonIcon, SunIcon, UserIcon } from '~/ui/icons'
import { Toasts } from '~/ui/toast'
import { logout, saveLanguage, saveTheme } from './account-actions'
import { ConnectionBanner } from './ConnectionBanner'
import { NavList } from './NavList'
import { PaletteButton } from './palette/PaletteButton'

const KeysDialog = lazy(async () => ({ default: (await import('./KeysDialog')).KeysDialog }))
const NavDrawer = lazy(async () => ({ default: (await import('./NavDrawer')).NavDrawer }))
const LeaderPhone = lazy(async () => ({
  default: (await import('~/features/desk/LeaderPhone')).LeaderPhone,
}))
const AgentBar = lazy(async () => ({
  default: (await import('~/features/desk/AgentBar')).AgentBar,
}))

/** The frame of every page after login: top bar, menu, connection banner, toasts, and the realtime socket. */
export function Shell() {
  const { t } = useTranslation()
  const { user } = useStore(auth)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const userId = user?.id
  const menu = useMenu()
  const placed = useStore(live.placed)

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
        <MenuButton menu={menu} />
        <Link to="/" className="flex shrink-0 items-center gap-2 font-semibold max-sm:hidden">
          <img src="/icon.svg" alt="" width={22} height={22} />
          <span className="max-[900px]:sr-only">{t('app.name')}</span>
        </Link>
        <div className="@container min-w-0 flex-1 overflow-x-auto py-1">
          <Suspense fallback={null}>
            {placed && user.role === 'team_leader' && <LeaderPhone />}
            {placed && user.role === 'agent' && <AgentBar userId={user.id} />}
          </Suspense>
        </div>
        <PaletteButton role={user.role} />
        <Preferences />
      </header>
      <ConnectionBanner />
      <div className="flex min-h-0 flex-1">
        {!menu.over && (
          <aside
            id={SIDEBAR}
            className={cx(
              'shrink-0 overflow-y-auto border-r border-line bg-surface print:hidden',
              menu.icons ? 'w-12' : 'w-48',
            )}
          >
            <NavList role={user.role} icons={menu.icons} />
          </aside>
        )}
        <main id="main" className="min-w-0 flex-1 overflow-auto" tabIndex={-1}>
          {placed && <Outlet />}
        </main>
      </div>
      {menu.over && menu.open && (
        <Suspense fallback={null}>
          <NavDrawer role={user.role} onClose={menu.close} />
        </Suspense>
      )}
      <Toasts />
    </div>
  )
}

const SIDEBAR = 'sidebar'

interface MenuState {
  /** Opens over the page: on narrow screens, and where the page needs the full width. */
  over: boolean
  /** Over the page: it is open. */
  open: boolean
  /** Beside the page: collapsed to icons. */
  icons: boolean
  toggle: () => void
  /** Over the page: closes it. */
  close: () => void
}

function useMenu(): MenuState {
  const narrow = useMedia('(max-width: 900px)')
  const wide = useMatches({ select: (all) => all.some((match) => match.staticData.fullWidth) })
  const [collapsed, setCollapsed] = usePreference('menu.collapsed', false)
  const [open, setOpen] = useState(false)
  const over = narrow || wide
  useEffect(() => {
    if (!over) setOpen(false)
  }, [over])
  return {
    over,
    open,
    icons: collapsed === true,
    toggle: () => (over ? setOpen(!open) : setCollapsed(!collapsed)),
    close: () => setOpen(false),
  }
}

function MenuButton({ menu }: { menu: MenuState }) {
  const { t } = useTranslation()
  return (
    <Button
      variant="ghost"
      size="sm"
      aria-label={t('nav.label')}
      aria-expanded={menu.over ? menu.open : !menu.icons}
      {...(menu.over ? { 'aria-haspopup': 'dialog' as const } : { 'aria-controls': SIDEBAR })}
      onClick={menu.toggle}
    >
      <MenuIcon width={18} height={18} />
    </Button>
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
      <Button
        variant="ghost"
        size="sm"
        className="max-sm:hidden"
        aria-label={t('keys.help')}
        onClick={() => setKeys(true)}
      >
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
