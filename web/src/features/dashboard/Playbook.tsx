import { useTranslation } from 'react-i18next'
import type { PlaybookEntry } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Badge, EmptyState } from '~/ui'

/** How each team sounds on the phone, and the steps every call follows. */
export function Playbook({ entries }: { entries: PlaybookEntry[] }) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  if (entries.length === 0) return <EmptyState />
  const universal = entries.find((entry) => entry.teamCode === 'ALL')
  const teams = entries.filter((entry) => entry !== universal)
  return (
    <section
      aria-label={t('view.playbook')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys
      tabIndex={0}
      className="flex min-h-0 flex-col gap-4 overflow-y-auto pb-2"
    >
      {universal && (
        <section aria-labelledby="playbook-all">
          <h2 id="playbook-all" className="text-lg font-semibold">
            {format.text(universal.title)}
          </h2>
          <p className="text-sm text-muted">{format.text(universal.style)}</p>
          <ol className="mt-2 grid grid-cols-1 gap-x-5 gap-y-2 sm:grid-cols-2 lg:grid-cols-5">
            {universal.steps?.map((step, index) => (
              <li key={step.key} className="border-t-2 border-accent pt-1.5 text-sm">
                <p className="font-medium">
                  {format.digits(index + 1)}. {step.title}
                </p>
                <p className="text-muted">{step.text}</p>
              </li>
            ))}
          </ol>
          <DoDont entry={universal} className="mt-2 grid gap-x-5 md:grid-cols-2" />
        </section>
      )}
      <div className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">
        {teams.map((entry) => (
          <section
            key={entry.teamCode}
            aria-label={format.text(entry.title)}
            className="rounded-lg border border-line bg-surface p-3"
          >
            <h2 className="flex items-center gap-2 text-sm font-semibold">
              <Badge tone="accent">{entry.teamCode}</Badge>
              {format.text(entry.title)}
            </h2>
            <p className="mt-0.5 text-sm text-muted">{format.text(entry.style)}</p>
            <DoDont entry={entry} className="mt-2" />
          </section>
        ))}
      </div>
    </section>
  )
}

function DoDont({
  entry,
  className,
}: {
  entry: { do: string[]; dont: string[] }
  className?: string
}) {
  const { t } = useTranslation('dashboard')
  return (
    <div className={className}>
      <Points title={t('do')} items={entry.do} mark="✓" tone="text-ok" />
      <Points title={t('dont')} items={entry.dont} mark="✕" tone="text-bad" />
    </div>
  )
}

export function Points({
  title,
  items,
  mark,
  tone,
}: {
  title: string
  items: string[]
  mark: string
  tone: string
}) {
  if (items.length === 0) return null
  return (
    <div>
      <h3 className="mt-1.5 text-xs font-medium text-muted">{title}</h3>
      <ul className="text-sm">
        {items.map((item) => (
          <li key={item} className="flex gap-2">
            <span aria-hidden className={tone}>
              {mark}
            </span>
            <span>{item}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
