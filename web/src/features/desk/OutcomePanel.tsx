import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { OUTCOMES, type Outcome, type SubReason } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { Button, Textarea } from '~/ui'
import { CheckIcon } from '~/ui/icons'
import { Basket } from './Basket'
import { SUB_REASONS } from './complete'
import { FollowUp } from './FollowUp'
import type { DeskModel } from './useDesk'

/** What came of it: one key for the outcome, one for the details, Enter for the next. */
export function OutcomePanel({ model }: { model: DeskModel }) {
  const { t } = useTranslation(['desk', 'common'])
  const { draft, task, complained } = model
  const off = !task || !draft
  const outcome = draft?.outcome ?? null
  const choose = (next: Outcome) => {
    if (next === 'no_response') model.noResponse()
    else model.edit({ outcome: next, ...(next === outcome ? {} : { subReason: null }) })
  }
  const group = t('keys.outcome')
  const completeKey = useKey(
    { id: 'desk.complete', key: 'Enter', label: t('keys.complete'), group, enabled: !off },
    () => model.complete(),
  )
  useKey(
    {
      id: 'desk.completeTyping',
      key: 'Ctrl+Enter',
      label: t('keys.completeTyping'),
      group,
      enabled: !off,
      whileTyping: true,
    },
    () => model.complete(),
  )
  useKey(
    {
      id: 'desk.leave',
      key: 'Escape',
      label: t('keys.leave'),
      group,
      whileTyping: true,
      fixed: true,
    },
    () => (document.activeElement as HTMLElement | null)?.blur(),
  )

  return (
    <section
      aria-label={t('outcome.title')}
      className="grid grid-cols-[minmax(0,1fr)_300px_172px] gap-3 rounded-lg border border-line bg-surface px-3 py-2"
    >
      <div className="flex min-h-0 flex-col gap-1.5">
        <div
          role="radiogroup"
          aria-label={t('outcome.title')}
          className={cx(
            'grid grid-cols-5 gap-1.5 rounded-md',
            complained === 'outcome' && 'outline-2 outline-offset-2 outline-bad',
          )}
        >
          {OUTCOMES.map((value, i) => (
            <OutcomeButton
              key={value}
              value={value}
              k={String(i + 1)}
              on={outcome === value}
              disabled={off}
              onChoose={() => choose(value)}
            />
          ))}
        </div>
        <div className="flex min-h-0 flex-1 flex-col gap-1 overflow-y-auto">
          {complained && (
            <p role="alert" className="text-sm font-medium text-bad">
              {t(`outcome.missing.${complained}`)}
            </p>
          )}
          {!outcome && !complained && (
            <p className="pt-1 text-sm text-muted">{t('outcome.choose')}</p>
          )}
          {draft && outcome === 'ordered' && draft.subReason !== 'already_ordered' && (
            <Basket model={model} draft={draft} />
          )}
          {draft && outcome === 'follow_up' && <FollowUp model={model} draft={draft} />}
          {outcome && (
            <SubReasons
              reasons={SUB_REASONS[outcome]}
              value={draft?.subReason ?? null}
              onChoose={(subReason) => model.edit({ subReason })}
            />
          )}
          {draft?.subReason === 'do_not_call' && (
            <p className="mt-1 text-xs font-medium text-bad">{t('outcome.doNotCallHint')}</p>
          )}
        </div>
      </div>
      <Notes model={model} />
      <div className="flex flex-col justify-end">
        <Button
          variant={model.missing === null ? 'primary' : 'plain'}
          size="lg"
          className="!h-full !flex-col !gap-1 whitespace-normal"
          k={completeKey}
          busy={model.completing}
          disabled={off}
          icon={<CheckIcon width={20} height={20} />}
          onClick={() => model.complete()}
        >
          {t(model.completing ? 'outcome.completing' : 'outcome.complete')}
        </Button>
      </div>
    </section>
  )
}

function OutcomeButton({
  value,
  k,
  on,
  disabled,
  onChoose,
}: {
  value: Outcome
  k: string
  on: boolean
  disabled: boolean
  onChoose: () => void
}) {
  const { t } = useTranslation(['common', 'desk'])
  useKey(
    {
      id: `desk.outcome.${value}`,
      key: k,
      label: t(`outcome.${value}`),
      group: t('desk:keys.outcome'),
      enabled: !disabled,
    },
    onChoose,
  )
  return (
    <Button
      role="radio"
      aria-checked={on}
      disabled={disabled}
      k={k}
      onClick={onChoose}
      variant={on ? 'selected' : 'plain'}
      className="!h-10 min-w-0"
    >
      <span className="truncate">{t(`outcome.${value}`)}</span>
    </Button>
  )
}

function SubReasons({
  reasons,
  value,
  onChoose,
}: {
  reasons: SubReason[]
  value: SubReason | null
  onChoose: (value: SubReason | null) => void
}) {
  const { t } = useTranslation('desk')
  return (
    <fieldset className="flex shrink-0 flex-wrap items-center gap-1.5">
      <legend className="sr-only">{t('outcome.sub')}</legend>
      <span aria-hidden className="text-2xs text-muted">
        {t('outcome.sub')}
      </span>
      {reasons.map((reason, i) => (
        <SubReasonButton
          key={reason}
          reason={reason}
          index={i}
          on={value === reason}
          onChoose={() => onChoose(value === reason ? null : reason)}
        />
      ))}
    </fieldset>
  )
}

function SubReasonButton({
  reason,
  index,
  on,
  onChoose,
}: {
  reason: SubReason
  index: number
  on: boolean
  onChoose: () => void
}) {
  const { t } = useTranslation(['common', 'desk'])
  const format = useFormat()
  const key = `Shift+${index + 1}`
  useKey(
    {
      id: `desk.sub.${index + 1}`,
      key,
      label: t('desk:keys.sub', { n: format.digits(index + 1) }),
      group: t('desk:keys.outcome'),
      fixed: true,
    },
    onChoose,
  )
  return (
    <Button size="sm" pressed={on} k={key} onClick={onChoose}>
      {t(`subReason.${reason}`)}
    </Button>
  )
}

function Notes({ model }: { model: DeskModel }) {
  const { t } = useTranslation('desk')
  const field = useRef<HTMLTextAreaElement>(null)
  const key = useKey(
    { id: 'desk.notes', key: 'N', label: t('keys.notes'), group: t('keys.outcome') },
    () => field.current?.focus(),
  )
  const taskId = model.task?.id
  // The next customer begins with the keys, not in the notes of the last one.
  useEffect(() => {
    if (taskId !== undefined) field.current?.blur()
  }, [taskId])
  const state = model.draft?.state ?? 'clean'
  return (
    <div className="flex min-h-0 flex-col">
      <div className="flex items-baseline gap-2 text-xs">
        <label htmlFor="notes" className="font-medium text-muted">
          {t('outcome.notes')} ({key})
        </label>
        <span className="flex-1" />
        <span
          role="status"
          className={cx(
            'text-2xs',
            state === 'saved' ? 'text-ok' : state === 'refused' ? 'text-bad' : 'text-muted',
            state === 'offline' && 'text-wait',
          )}
        >
          {state === 'saved' && '✓ '}
          {state !== 'clean' && t(`outcome.saved.${state}`)}
        </span>
      </div>
      <Textarea
        id="notes"
        ref={field}
        className="mt-1 flex-1"
        placeholder={t('outcome.notesPlaceholder')}
        disabled={!model.draft}
        value={model.draft?.notes ?? ''}
        onChange={(event) => model.edit({ notes: event.target.value })}
      />
    </div>
  )
}
