import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveEvents } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { useKey } from '~/lib/keys'
import { useLive } from '~/live/live'
import { usePhone } from '~/phone/current'
import { Badge, Button, Dot } from '~/ui'
import { PhoneIcon } from '~/ui/icons'

/** Slides in over whatever is open and takes nothing away: the unfinished wrap-up stays where it is. */
export function IncomingCall() {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const { phone, state } = usePhone()
  const call = state.incoming
  const [who, setWho] = useState<LiveEvents['call.incoming'] | null>(null)
  useLive('call.incoming', setWho)
  const [shown, setShown] = useState(false)
  useEffect(() => setShown(call !== null), [call])
  const group = t('keys.phone')
  const answerKey = useKey(
    {
      id: 'desk.answer',
      key: 'I',
      label: t('incoming.answer'),
      group,
      enabled: !!call && phone.canAnswer,
    },
    () => void phone.answer(),
  )
  const ignoreKey = useKey(
    { id: 'desk.ignore', key: 'X', label: t('incoming.ignore'), group, enabled: !!call },
    () => phone.ignore(),
  )
  if (!call || !shown) return null
  const customer = who?.call.id === call.id ? who.customer : null
  return (
    <div
      role="alert"
      className="fixed top-14 right-3 z-40 w-80 animate-slide-in rounded-lg border-2 border-ok bg-surface p-3 shadow-xl"
    >
      <p className="flex items-center gap-2 text-xs font-semibold text-ok">
        <Dot tone="ok" ring />
        {t('incoming.title')}
      </p>
      <p className="mt-1 text-xl font-semibold">
        {customer?.name ?? call.customerName ?? t('incoming.unknown')}
      </p>
      <p className="flex items-center gap-2 text-sm text-muted">
        {format.phone(call.customerPhone)}
        {customer?.segment && <Badge tone="accent">{customer.segment}</Badge>}
      </p>
      <div className="mt-2 flex gap-2">
        {phone.canAnswer ? (
          <Button
            variant="primary"
            k={answerKey}
            icon={<PhoneIcon />}
            onClick={() => void phone.answer()}
          >
            {t('incoming.answer')}
          </Button>
        ) : (
          <p className="flex-1 text-xs text-muted">{t('incoming.answerThere')}</p>
        )}
        <Button k={ignoreKey} onClick={() => phone.ignore()}>
          {t('incoming.ignore')}
        </Button>
      </div>
    </div>
  )
}
