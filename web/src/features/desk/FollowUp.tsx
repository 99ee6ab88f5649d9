import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { fromLocal, toLocal } from '~/lib/format'
import { useKey } from '~/lib/keys'
import { Button, Input } from '~/ui'
import { type QuickTime, quickTime } from './complete'
import type { Draft } from './draft'
import type { DeskModel } from './useDesk'

const QUICK: [QuickTime, string][] = [
  ['hour', 'Q'],
  ['tomorrow', 'W'],
  ['evening', 'Y'],
]

/** When to call again: three times that are said most, or one picked. */
export function FollowUp({ model, draft }: { model: DeskModel; draft: Draft }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const picker = useRef<HTMLInputElement>(null)
  const [picking, setPicking] = useState(false)
  const [quick, setQuick] = useState<QuickTime | null>(null)
  const pick = () => {
    setPicking(true)
    setQuick(null)
    requestAnimationFrame(() => picker.current?.focus())
  }
  const pickKey = useKey(
    { id: 'desk.when.pick', key: 'U', label: t('outcome.pick'), group: t('keys.outcome') },
    pick,
  )
  const choose = (which: QuickTime) => {
    setPicking(false)
    setQuick(which)
    model.edit({ followUpAt: quickTime(which, new Date()).toISOString() })
  }
  return (
    <div className="flex flex-wrap items-center gap-1.5 pt-0.5">
      <span className="text-2xs text-muted">{t('outcome.when')}</span>
      {QUICK.map(([which, k]) => (
        <Quick
          key={which}
          which={which}
          k={k}
          on={quick === which}
          onChoose={() => choose(which)}
        />
      ))}
      {picking ? (
        <Input
          ref={picker}
          type="datetime-local"
          className="!h-7 !w-48"
          aria-label={t('outcome.pick')}
          value={draft.followUpAt ? toLocal(draft.followUpAt) : ''}
          onChange={(event) =>
            model.edit({ followUpAt: fromLocal(event.target.value)?.toISOString() ?? null })
          }
        />
      ) : (
        <Button size="sm" k={pickKey} onClick={pick}>
          {t('outcome.pick')}
        </Button>
      )}
      {draft.followUpAt && (
        <span className="ml-1 text-sm font-medium">
          {t('outcome.promised', { when: format.dateTime(draft.followUpAt) })}
        </span>
      )}
    </div>
  )
}

function Quick({
  which,
  k,
  on,
  onChoose,
}: {
  which: QuickTime
  k: string
  on: boolean
  onChoose: () => void
}) {
  const { t } = useTranslation('desk')
  const key = useKey(
    { id: `desk.when.${which}`, key: k, label: t(`outcome.${which}`), group: t('keys.outcome') },
    onChoose,
  )
  return (
    <Button size="sm" k={key} pressed={on} onClick={onChoose}>
      {t(`outcome.${which}`)}
    </Button>
  )
}
