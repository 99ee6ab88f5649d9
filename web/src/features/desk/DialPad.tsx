import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { Button } from '~/ui'

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const

/** Digits for the number before a call, tones during it. */
export function DialPad({
  inCall,
  onDigit,
}: {
  inCall: boolean
  onDigit: (digit: string) => void
}) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const [sent, setSent] = useState('')
  return (
    <div>
      <div className="grid grid-cols-3 gap-1">
        {DIGITS.map((digit) => (
          <Button
            key={digit}
            aria-label={t('phone.key', { digit: format.digits(digit) })}
            onClick={() => {
              onDigit(digit)
              if (inCall) setSent((before) => (before + digit).slice(-12))
            }}
          >
            {format.digits(digit)}
          </Button>
        ))}
      </div>
      {inCall && sent && (
        <p role="status" className="mt-1 text-center text-xs text-muted">
          {t('phone.padSent', { digits: format.digits(sent) })}
        </p>
      )}
    </div>
  )
}
