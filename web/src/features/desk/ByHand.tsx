import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { fieldError, formError } from '~/shared/fields'
import { Button, Dialog, Field, Input, toast } from '~/ui'

/** Longest call that is believed, minutes. */
const LONGEST = 240

/** Writes down a call that was made on another telephone; its task then waits for an outcome. */
export function ByHand({
  taskId,
  number,
  onClose,
}: {
  taskId: number
  number: string
  onClose: () => void
}) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  const form = useId()
  // One key as long as the dialog is open: pressed twice, the call is written down once.
  const [key] = useState(() => crypto.randomUUID())
  const [answered, setAnswered] = useState(true)
  const [minutes, setMinutes] = useState(() => format.digits(2))
  const talked = Math.round(Number(latinDigits(minutes).replace(',', '.')) * 60)
  const sane = minutes.trim() !== '' && talked >= 0 && talked <= LONGEST * 60
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.post(
        '/api/telephony/calls/by-hand',
        { taskId, customerPhone: number, ...(answered ? { talkSeconds: talked } : {}) },
        { headers: { 'idempotency-key': key } },
      ),
    onSuccess: () => {
      toast(t('byHand.done'), 'ok')
      onClose()
    },
  })
  const general = formError(save.error, ['talkSeconds'])
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('byHand.title')}
      description={t('byHand.lead')}
      size="sm"
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={answered && !sane}
          >
            {t('byHand.save')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          if (!answered || sane) save.mutate()
        }}
      >
        <fieldset className="flex flex-col gap-2 text-sm">
          <legend className="mb-1 font-medium">{t('byHand.question')}</legend>
          {[true, false].map((choice) => (
            <label key={String(choice)} className="inline-flex items-center gap-2">
              <input
                type="radio"
                name={form}
                className="size-4 accent-accent"
                checked={answered === choice}
                onChange={() => setAnswered(choice)}
              />
              {t(choice ? 'byHand.answered' : 'byHand.unanswered')}
            </label>
          ))}
        </fieldset>
        {answered && (
          <Field
            label={t('byHand.minutes')}
            error={sane ? fieldError(save.error, 'talkSeconds') : t('byHand.minutesAllowed')}
          >
            {(control) => (
              <Input
                {...control}
                required
                inputMode="decimal"
                value={minutes}
                onChange={(event) => setMinutes(event.target.value)}
              />
            )}
          </Field>
        )}
        {general && (
          <p role="alert" className="text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
