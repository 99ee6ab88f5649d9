import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { errorText } from '~/i18n/i18n'
import { devices, Microphone } from '~/phone/mic'
import { isOpen, type Phone, type PhoneState } from '~/phone/phone'
import { Button, Dialog, Field, Select } from '~/ui'

/** What to speak into and to listen with, and whether it is heard. */
export function PhoneSettings({
  phone,
  state,
  onClose,
}: {
  phone: Phone
  state: PhoneState
  onClose: () => void
}) {
  const { t } = useTranslation(['desk', 'common'])
  const [known, setKnown] = useState<MediaDeviceInfo[]>([])
  const [input, setInput] = useState(devices.input)
  const [output, setOutput] = useState(devices.output)
  const [level, setLevel] = useState<number | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [attempt, setAttempt] = useState(0)
  const inCall = isOpen(state.call)

  // The devices have names only once the microphone is allowed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another choice or another try opens it anew
  useEffect(() => {
    const mic = new Microphone(() => {})
    let gone = false
    const list = async () => {
      const found = await navigator.mediaDevices?.enumerateDevices()
      if (!gone && found) setKnown(found.filter((device) => device.deviceId))
    }
    mic
      .open()
      .then(() => {
        if (gone) mic.close()
        else setProblem(null)
      })
      .catch((error) => {
        if (!gone) setProblem(errorText(error))
      })
      .finally(list)
    const meter = setInterval(() => setLevel(mic.level()), 100)
    navigator.mediaDevices?.addEventListener('devicechange', list)
    return () => {
      gone = true
      clearInterval(meter)
      navigator.mediaDevices?.removeEventListener('devicechange', list)
      mic.close()
    }
  }, [input, attempt])

  const options = (kind: MediaDeviceKind) =>
    known
      .filter((device) => device.kind === kind && device.deviceId !== 'default')
      .map((device) => (
        <option key={device.deviceId} value={device.deviceId}>
          {device.label || t('settings.unnamed')}
        </option>
      ))
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('settings.title')}
      description={t(`phone.sip.${state.sip}`)}
      size="sm"
    >
      <div className="flex flex-col gap-3">
        <Field label={t('settings.microphone')}>
          {(control) => (
            <Select
              {...control}
              value={input}
              onChange={(event) => {
                devices.chooseInput(event.target.value)
                setInput(event.target.value)
              }}
            >
              <option value="">{t('settings.default')}</option>
              {options('audioinput')}
            </Select>
          )}
        </Field>
        {problem ? (
          <div role="alert" className="flex flex-col items-start gap-2 text-sm text-bad">
            {problem}
            <Button size="sm" onClick={() => setAttempt((n) => n + 1)}>
              {t('settings.again')}
            </Button>
          </div>
        ) : (
          <p className="flex items-center gap-2 text-sm text-muted">
            {t('settings.speak')}
            <meter
              className="flex-1"
              min={0}
              max={1}
              value={level ?? 0}
              aria-label={t('phone.level')}
            />
          </p>
        )}
        <Field label={t('settings.speaker')}>
          {(control) => (
            <Select
              {...control}
              value={output}
              onChange={(event) => {
                devices.chooseOutput(event.target.value)
                setOutput(event.target.value)
                phone.devicesChanged()
              }}
            >
              <option value="">{t('settings.default')}</option>
              {options('audiooutput')}
            </Select>
          )}
        </Field>
        {inCall && <p className="text-xs text-muted">{t('settings.nextCall')}</p>}
      </div>
    </Dialog>
  )
}
