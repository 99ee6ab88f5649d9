import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Script } from '~/api/types'
import { useFormat, useLanguage } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { Button, EmptyState, Kbd, QueryView } from '~/ui'
import { scriptQuery } from './queries'
import type { DeskModel } from './useDesk'

type Part = 'opening' | 'main' | 'ending'
const PARTS: Part[] = ['opening', 'main', 'ending']

/** What to say, line by line; the next line stands out and Space moves on. */
export function ScriptPanel({ model }: { model: DeskModel }) {
  const { t } = useTranslation('desk')
  return (
    <section
      aria-label={t('script.title')}
      className="flex min-h-0 flex-col rounded-lg border border-line bg-surface"
    >
      {model.task ? (
        <Loaded key={model.task.id} taskId={model.task.id} free={model.countdown === null} />
      ) : (
        <EmptyState title={t('script.pickTask')} />
      )}
    </section>
  )
}

function Loaded({ taskId, free }: { taskId: number; free: boolean }) {
  const language = useLanguage()
  const query = useQuery(scriptQuery(taskId, language))
  return <QueryView query={query}>{(script) => <Lines script={script} free={free} />}</QueryView>
}

function Lines({ script, free }: { script: Script; free: boolean }) {
  const { t } = useTranslation('desk')
  const lines = useMemo(
    () => [
      ...script.opening.map((text) => ({ part: 'opening' as Part, text })),
      ...script.main.lines.map((text) => ({ part: 'main' as Part, text })),
      ...script.ending.map((text) => ({ part: 'ending' as Part, text })),
    ],
    [script],
  )
  const [at, setAt] = useState(0)
  const [objection, setObjection] = useState<number | null>(null)
  const group = t('keys.script')
  const move = (by: number) => {
    setObjection(null)
    setAt((i) => Math.min(lines.length - 1, Math.max(0, i + by)))
  }
  const key = useKey(
    { id: 'desk.line', key: 'Space', label: t('script.next'), group, enabled: free },
    () => move(1),
  )
  useKey({ id: 'desk.lineBack', key: 'Shift+Space', label: t('script.previous'), group }, () =>
    move(-1),
  )
  const current = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (at > 0) current.current?.scrollIntoView({ block: 'nearest' })
  }, [at])
  const part = lines[at]?.part ?? 'opening'

  return (
    <>
      <header className="border-b border-line px-4 pt-2 pb-1.5">
        <div className="flex items-baseline gap-2">
          <h2 className="min-w-0 flex-1 truncate text-sm font-semibold">{script.main.title}</h2>
          <Button size="sm" variant="ghost" k={key} onClick={() => move(1)}>
            {t('script.next')}
          </Button>
        </div>
        <p className="text-xs text-muted">
          {t('script.goal')}: {script.main.goal}
        </p>
        <ol className="mt-1 flex gap-3 text-xs">
          {PARTS.map((name, i) => (
            <li key={name}>
              <button
                type="button"
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => {
                  setObjection(null)
                  setAt(
                    Math.max(
                      0,
                      lines.findIndex((line) => line.part === name),
                    ),
                  )
                }}
                aria-current={part === name ? 'step' : undefined}
                className={cx(
                  'rounded border-b-2 px-0.5',
                  part === name
                    ? 'border-accent font-semibold'
                    : 'border-transparent text-muted hover:text-ink',
                )}
              >
                <Step n={i + 1} /> {t(`script.${name}`)}
              </button>
            </li>
          ))}
        </ol>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <ol tabIndex={0} className="min-h-0 flex-1 overflow-y-auto px-2 py-2">
        {lines.map((line, i) => (
          <li
            key={i}
            ref={i === at ? current : undefined}
            aria-current={i === at || undefined}
            className={cx(
              'rounded-md border-l-2 px-3 py-1',
              i === at
                ? 'border-accent bg-accent-soft text-lg leading-relaxed font-medium'
                : 'border-transparent text-sm',
              i < at && 'text-muted',
              i > 0 && lines[i - 1]?.part !== line.part && 'mt-2',
            )}
          >
            {lines[i - 1]?.part !== line.part && (
              <span className="block text-2xs font-normal text-muted">
                {t(`script.${line.part}`)}
              </span>
            )}
            {line.text}
          </li>
        ))}
      </ol>
      <section className="border-t border-line px-4 py-1.5">
        <h3 className="text-2xs font-semibold text-muted">{t('script.objections')}</h3>
        <div className="flex flex-wrap gap-1 py-1">
          {script.objectionHandling.map((item, i) => (
            <Objection
              key={item.key}
              index={i}
              text={item.objection}
              open={objection === i}
              onToggle={() => setObjection(objection === i ? null : i)}
            />
          ))}
        </div>
        {objection !== null && (
          <p
            role="status"
            className="rounded-md border-l-2 border-accent bg-sunken px-3 py-1.5 text-base"
          >
            {[script.objectionHandling[objection]?.reply].flat().join(' ')}
          </p>
        )}
      </section>
    </>
  )
}

function Step({ n }: { n: number }) {
  return <span>{useFormat().digits(n)}</span>
}

function Objection({
  index,
  text,
  open,
  onToggle,
}: {
  index: number
  text: string
  open: boolean
  onToggle: () => void
}) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const key = `E ${index + 1}`
  useKey(
    {
      id: `desk.objection.${index + 1}`,
      key,
      label: t('keys.objection', { n: format.digits(index + 1) }),
      group: t('keys.script'),
      fixed: true,
    },
    onToggle,
  )
  return (
    <Button
      size="sm"
      pressed={open}
      aria-expanded={open}
      onClick={onToggle}
      className="!h-6 max-w-full !gap-1 !px-1.5 !text-xs"
    >
      <span className="truncate">{text}</span>
      <Kbd k={key} />
    </Button>
  )
}
