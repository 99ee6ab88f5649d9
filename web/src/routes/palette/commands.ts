import type { TFunction } from 'i18next'
import type { Language, Role, Theme } from '~/api/types'
import { bindings } from '~/lib/keys'
import { logout, saveLanguage, saveTheme } from '../account-actions'
import { LEADERS, type NavEntry, navFor } from '../nav'

/** A page or an action of the role. */
export interface Command {
  id: string
  kind: 'page' | 'action'
  title: string
  /** Also found by: the title in the other language, the group. */
  alias: string[]
  icon?: NavEntry['label']
  run: () => void
}

type Words = TFunction<['palette', 'common']>
interface Definition extends Pick<Command, 'id' | 'kind' | 'run' | 'icon'> {
  title: (t: Words) => string
}

/** The pages of the role's menu, then what it may do from any page. `other`: the words of the other language. */
export function commandsFor({
  role,
  language,
  t,
  other,
  go,
}: {
  role: Role
  language: Language
  t: Words
  other: Words
  go: (path: string) => void
}): Command[] {
  const next: Language = language === 'bn' ? 'en' : 'bn'
  const action = (id: string, title: Definition['title'], run: () => void): Definition => ({
    id,
    kind: 'action',
    title,
    run,
  })
  const all: Definition[] = navFor(role).flatMap(({ entries }) =>
    entries.map(
      (entry): Definition => ({
        id: entry.to,
        kind: 'page',
        icon: entry.label,
        title: (t) => t(`common:nav.${entry.label}`),
        run: () => go(entry.to),
      }),
    ),
  )
  if (role !== 'delivery_coordinator') {
    all.push(
      action(
        'customer.new',
        (t) => t('newCustomer'),
        () => go('/customers/new'),
      ),
    )
  }
  if (LEADERS.includes(role)) {
    all.push(
      action(
        'import.new',
        (t) => t('newImport'),
        () => go('/imports/new'),
      ),
    )
  }
  all.push(
    action(
      'account',
      (t) => t('common:settings.account'),
      () => go('/account'),
    ),
    action(
      'language',
      (t) => t('language'),
      () => void saveLanguage(next),
    ),
  )
  for (const theme of ['light', 'dark', 'system'] as const satisfies Theme[]) {
    all.push(
      action(
        `theme.${theme}`,
        (t) => `${t('common:settings.theme')}: ${t(`common:settings.${theme}`)}`,
        () => void saveTheme(theme),
      ),
    )
  }
  all.push(
    action(
      'keys',
      (t) => t('common:keys.help'),
      () =>
        bindings
          .get()
          .find((binding) => binding.id === 'app.help')
          ?.run(),
    ),
    action(
      'logout',
      (t) => t('common:actions.logout'),
      () => void logout(),
    ),
  )
  return all.map(({ title, ...command }) => ({
    ...command,
    title: title(t),
    alias: [title(other)],
  }))
}
