import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LiveEvents } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { useKey } from '~/lib/keys'
import { useLive } from '~/live/live'
import { usePhone } from '~/phone/current'
import { SegmentLabel } from '~/shared/Segment'
import { Button, Dot, toast } from '~/ui'
import { PhoneIcon } from '~/ui/icons'

/** Slides in over whatever is open and takes nothing away: the unfinished wrap-up stays where it is. */
export function IncomingCall() {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const { phone, state } = usePhone()
  const { ring } = state
  // The telephone rings before, or without, the server's word on whose call it is.
  const passedOn = ring !== null && ring.callId !== state.incoming?.externalCallId
  const call = passedOn ? null : state.incoming
  const [who, setWho] = useState<LiveEvents['call.incoming'] | null>(null)
  useLive('call.incoming', setWho)
  const [shown, setShown] = useState(false)
  const rings = call !== null || ring !== null
  useEffect(() => setShown(rings), [rings])
  const group = t('keys.phone')
  const answer = () => void phone.answer().catch((error) => toast(errorText(error), 'bad'))
  const answerKey = useKey(
    {
      id: 'desk.answer',
      key: 'I',
      label: t('incoming.answer'),
      group,
      enabled: rings && phone.canAnswer,
    },
    answer,
  )
  const ignoreKey = useKey(
    { id: 'desk.ignore', key: 'X', label: t('incoming.ignore'), group, enabled: rings },
    () => phone.ignore(),
  )
  if (!rings || !shown) return null
  const customer = call && who?.call.id === call.id ? who.customer : null
  const number = call?.customerPhone ?? ring?.number ?? ''
  return (
    <div
      role="alert"
      className="fixed top-14 right-3 z-40 w-80 animate-slide-in rounded-lg border-2 border-ok bg-surface p-3 shadow-xl"
    >
      <p className="flex items-center gap-2 text-xs font-semibold text-ok">
        <Dot tone="ok" ring />
        {t(passedOn ? 'incoming.passedOn' : 'incoming.title')}
      </p>
      <p className="mt-1 text-xl font-semibold">
        {customer?.name ?? call?.customerName ?? t('incoming.unknown')}
      </p>
      <p className="flex items-center gap-2 text-sm text-muted">
        {number ? format.phone(number) : t('incoming.withheld')}
        {customer?.segment && <SegmentLabel segment={customer.segment} />}
      </p>
      <div className="mt-2 flex gap-2">
        {phone.canAnswer ? (
          <Button variant="primary" k={answerKey} icon={<PhoneIcon />} onClick={answer}>
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
