import { lazy, type ReactNode, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cx } from '~/lib/cx'
import { useConnection } from '~/live/live'
import { usePhone } from '~/phone/current'
import type { PhoneState } from '~/phone/phone'
import { Button, Dot, type Tone } from '~/ui'
import { MicIcon } from '~/ui/icons'

const PhoneSettings = lazy(async () => ({
  default: (await import('./PhoneSettings')).PhoneSettings,
}))

const LINE: Record<ReturnType<typeof useConnection>, Tone> = {
  online: 'ok',
  connecting: 'wait',
  lost: 'bad',
  off: 'plain',
}
const SIP: Record<Exclude<PhoneState['sip'], 'none'>, Tone> = {
  ready: 'ok',
  connecting: 'wait',
  elsewhere: 'plain',
  taken: 'bad',
}
const QUALITY: Record<PhoneState['quality'], Tone> = {
  unknown: 'plain',
  good: 'ok',
  fair: 'wait',
  poor: 'bad',
}

/** Microphone permission and level, the telephone, how the call sounds, and the line to the server. */
export function PhoneStatus() {
  const { t } = useTranslation('desk')
  const { phone, state } = usePhone()
  const connection = useConnection()
  const [settings, setSettings] = useState(false)
  const { sip, mic, level, quality } = state
  // What is as it should be takes no room on a narrow screen.
  const tone = quality === 'unknown' ? (sip === 'none' ? 'plain' : SIP[sip]) : QUALITY[quality]
  const icon = (
    <MicIcon
      className={mic === 'granted' ? 'text-ok' : mic === 'denied' ? 'text-bad' : 'text-muted'}
    />
  )
  return (
    <>
      {sip === 'none' ? (
        <Hint text={t(`phone.mic.${mic}`)}>{icon}</Hint>
      ) : (
        <Button
          size="sm"
          variant="ghost"
          title={`${t(`phone.sip.${sip}`)} · ${t(`phone.mic.${mic}`)}`}
          onClick={() => setSettings(true)}
        >
          {icon}
          {level !== null && (
            <meter className="w-10" min={0} max={1} value={level} aria-label={t('phone.level')} />
          )}
          <Dot tone={tone} />
          <span className={cx('whitespace-nowrap', tone === 'ok' && 'max-[1600px]:sr-only')}>
            {quality === 'unknown' ? t(`phone.sip.${sip}`) : t(`phone.quality.${quality}`)}
          </span>
        </Button>
      )}
      {sip === 'taken' && (
        <Button size="sm" onClick={() => phone.takeHere()}>
          {t('phone.takeHere')}
        </Button>
      )}
      <span
        className={cx(
          'flex items-center gap-1.5 text-xs whitespace-nowrap text-muted',
          sip === 'none' ? 'max-[1280px]:hidden' : 'max-[1600px]:hidden',
        )}
      >
        <Dot tone={LINE[connection]} />
        {t(`phone.line.${connection}`)}
      </span>
      {settings && (
        <Suspense fallback={null}>
          <PhoneSettings phone={phone} state={state} onClose={() => setSettings(false)} />
        </Suspense>
      )}
    </>
  )
}

function Hint({ text, children }: { text: string; children: ReactNode }) {
  return (
    <span className="flex items-center gap-1" title={text}>
      {children}
      <span className="sr-only">{text}</span>
    </span>
  )
}
