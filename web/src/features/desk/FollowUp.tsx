import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { useKey } from '~/lib/keys'
import { Button, Input } from '~/ui'
import { type QuickTime, quickTime } from './complete'
import type { Draft } from './draft'
import type { DeskModel } from './useDesk'

/** When to call again: three times that are said most, or one picked. */
export function FollowUp({ model, draft }: { model: DeskModel; draft: Draft }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const picker = useRef<HTMLInputElement>(null)
  const pickKey = useKey(
    { id: 'desk.when.pick', key: 'U', label: t('outcome.pick'), group: t('keys.outcome') },
    () => {
      picker.current?.focus()
      picker.current?.showPicker?.()
    },
  )
  return (
    <div className="flex flex-wrap items-center gap-1.5 pt-0.5">
      <span className="text-2xs text-muted">{t('outcome.when')}</span>
      <Quick which="hour" k="Q" model={model} draft={draft} />
      <Quick which="tomorrow" k="W" model={model} draft={draft} />
      <Quick which="evening" k="Y" model={model} draft={draft} />
      <Input
        ref={picker}
        type="datetime-local"
        className="!h-7 !w-48"
        aria-label={`${t('outcome.pick')} (${pickKey})`}
        value={draft.followUpAt ? localValue(draft.followUpAt) : ''}
        onChange={(event) =>
          model.edit({
            followUpAt: event.target.value
              ? new Date(`${event.target.value}:00+06:00`).toISOString()
              : null,
          })
        }
      />
      {draft.followUpAt && (
        <span className="text-sm font-medium">
          {t('outcome.promised', { when: format.dateTime(draft.followUpAt) })}
        </span>
      )}
    </div>
  )
}

/** The instant as the picker writes it, in the company's zone (UTC+6 all year). */
function localValue(instant: string): string {
  return new Date(Date.parse(instant) + 6 * 3_600_000).toISOString().slice(0, 16)
}

function Quick({
  which,
  k,
  model,
  draft,
}: {
  which: QuickTime
  k: string
  model: DeskModel
  draft: Draft
}) {
  const { t } = useTranslation('desk')
  const choose = () => model.edit({ followUpAt: quickTime(which, new Date()).toISOString() })
  const key = useKey(
    { id: `desk.when.${which}`, key: k, label: t(`outcome.${which}`), group: t('keys.outcome') },
    choose,
  )
  const on = draft.followUpAt === quickTime(which, new Date()).toISOString()
  return (
    <Button size="sm" k={key} pressed={on} onClick={choose}>
      {t(`outcome.${which}`)}
    </Button>
  )
}
