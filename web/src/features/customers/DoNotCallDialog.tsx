import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import type { Customer } from '~/api/types'
import { errorText } from '~/i18n/i18n'
import { fieldError } from '~/shared/fields'
import { Button, Dialog, Field, Input, toast } from '~/ui'

/** Sets "do not call" with the reason, or takes it back. */
export function DoNotCallDialog({
  customer,
  onClose,
}: {
  customer: Customer
  onClose: () => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const queries = useQueryClient()
  const form = useId()
  const [reason, setReason] = useState('')
  const setting = !customer.doNotCall
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.patch(`/api/cdm/customers/${customer.id}`, {
        doNotCall: setting,
        ...(setting ? { doNotCallReason: reason.trim() } : {}),
      }),
    onSuccess: () => {
      toast(t(setting ? 'doNotCallSet' : 'doNotCallCleared'), 'ok')
      onClose()
      return changed.customer(queries, customer.id)
    },
  })
  const own = fieldError(save.error, 'doNotCallReason')
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(setting ? 'doNotCallTitle' : 'allowCallsTitle', { name: customer.name })}
      description={t(setting ? 'doNotCallLead' : 'allowCallsLead', {
        reason: customer.doNotCallReason ?? '–',
      })}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant={setting ? 'danger' : 'primary'}
            busy={save.isPending}
            disabled={setting && !reason.trim()}
          >
            {t(setting ? 'doNotCall' : 'allowCalls')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        {setting && (
          <Field label={t('reason')} error={own}>
            {(control) => (
              <Input
                {...control}
                required
                maxLength={500}
                value={reason}
                onChange={(e) => setReason(e.target.value)}
              />
            )}
          </Field>
        )}
        {save.isError && !own && (
          <p role="alert" className="mt-2 text-sm text-bad">
            {errorText(save.error)}
          </p>
        )}
      </form>
    </Dialog>
  )
}
