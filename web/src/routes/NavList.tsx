import { Link } from '@tanstack/react-router'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { Role } from '~/api/types'
import { cx } from '~/lib/cx'
import { NavIcon } from './NavIcon'
import { type NavEntry, type NavGroup, navFor } from './nav'

/** The pages of a role by group. With `icons`, names are for screen readers and tooltips only. */
export function NavList({ role, icons = false }: { role: Role; icons?: boolean }) {
  const { t } = useTranslation()
  return (
    <nav aria-label={t('nav.label')} className={cx('flex flex-col gap-3', icons ? 'p-1.5' : 'p-2')}>
      {navFor(role).map(({ group, entries }) => (
        <Group key={group} group={group} entries={entries} icons={icons} />
      ))}
    </nav>
  )
}

function Group({
  group,
  entries,
  icons,
}: {
  group: NavGroup['group']
  entries: NavEntry[]
  icons: boolean
}) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <div className={cx(icons && 'border-t border-line pt-1.5 first:border-0 first:pt-0')}>
      <h2
        id={id}
        className={cx(icons ? 'sr-only' : 'px-2 pb-0.5 text-2xs font-semibold text-muted')}
      >
        {t(`nav.group.${group}`)}
      </h2>
      <ul aria-labelledby={id} className="flex flex-col gap-0.5">
        {entries.map((entry) => {
          const label = t(`nav.${entry.label}`)
          return (
            <li key={entry.to}>
              <Link
                to={entry.to}
                title={icons ? label : undefined}
                className={cx(
                  'flex h-8 items-center gap-2.5 rounded-md text-sm text-muted hover:bg-hover hover:text-ink',
                  icons ? 'justify-center' : 'px-2',
                )}
                activeProps={{ className: '!bg-accent-soft font-medium !text-accent-strong' }}
              >
                <NavIcon of={entry.label} />
                <span className={icons ? 'sr-only' : 'truncate'}>{label}</span>
              </Link>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
