import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Dashboard } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { EmptyState } from '~/ui'
import { Points } from './Playbook'

/** Role plays to practise, what goes wrong most often, and the rules to keep to. */
export function Training({ training }: { training: Dashboard['trainingRolePlays'] }) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  const [id, setId] = useState(training.rolePlays[0]?.id ?? '')
  const play = training.rolePlays.find((entry) => entry.id === id)
  if (!play) return <EmptyState />
  const agent = play.lines[1]?.speaker
  return (
    <div className="grid min-h-0 flex-1 grid-cols-1 gap-4 overflow-y-auto md:grid-cols-[220px_minmax(0,1fr)_300px] md:overflow-hidden">
      <nav aria-label={training.title} className="flex flex-col gap-0.5 overflow-y-auto">
        {training.rolePlays.map((entry) => (
          <button
            key={entry.id}
            type="button"
            aria-current={entry.id === id}
            onClick={() => setId(entry.id)}
            className={cx(
              'rounded-md px-2 py-1.5 text-left text-sm',
              entry.id === id
                ? 'bg-accent-soft font-medium text-accent-strong'
                : 'text-ink hover:bg-hover',
            )}
          >
            <span className="mr-2 text-xs text-muted">{format.digits(entry.id)}</span>
            {entry.title}
          </button>
        ))}
      </nav>
      <article className="min-h-0 overflow-y-auto rounded-lg border border-line bg-surface p-4">
        <h2 className="text-lg font-semibold">{play.title}</h2>
        <p className="text-sm text-muted">
          {t('goal')}: {play.goal}
        </p>
        <ol className="mt-3 flex flex-col gap-2.5">
          {play.lines.map((line, index) => (
            <li key={index} className="grid grid-cols-[104px_minmax(0,1fr)] gap-3 text-base">
              <span
                className={cx(
                  'pt-0.5 text-xs font-medium',
                  line.speaker === agent ? 'text-accent-strong' : 'text-muted',
                )}
              >
                {line.speaker}
              </span>
              <span>{line.line}</span>
            </li>
          ))}
        </ol>
      </article>
      <aside className="flex min-h-0 flex-col gap-3 overflow-y-auto" aria-label={t('notes')}>
        <section>
          <h2 className="text-sm font-semibold">{t('notes')}</h2>
          <Points title={t('do')} items={play.notes.do} mark="✓" tone="text-ok" />
          <Points title={t('dont')} items={play.notes.dont} mark="✕" tone="text-bad" />
        </section>
        <section className="border-t border-line pt-2">
          <h2 className="text-sm font-semibold">{t('mistakes')}</h2>
          <ul className="ml-4 list-disc text-sm">
            {training.commonMistakes.map((item) => (
              <li key={item}>{item}</li>
            ))}
          </ul>
        </section>
        <section className="border-t border-line pt-2">
          <h2 className="text-sm font-semibold">{t('rules')}</h2>
          <ul className="ml-4 list-disc text-sm">
            {training.goldenRules.map((item) => (
              <li key={item}>{item}</li>
            ))}
          </ul>
        </section>
      </aside>
    </div>
  )
}
