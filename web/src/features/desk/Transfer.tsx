import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { keys } from '~/api/keys'
import type { AgentState } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import type { Phone } from '~/phone/phone'
import { Button, Checkbox, Dialog, Dot, Field, Input, type Tone, toast } from '~/ui'

const STATE_TONE: Record<AgentState, Tone> = {
  online: 'ok',
  wrap_up: 'wait',
  on_call: 'bad',
  break: 'plain',
  offline: 'plain',
}

/** Passes the customer on to a colleague's extension, or to one that is typed. */
export function Transfer({
  open,
  onOpenChange,
  phone,
  canConsult,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  phone: Phone
  /** Whether one can speak with the colleague first. */
  canConsult: boolean
}) {
  const { t } = useTranslation(['desk', 'common'])
  const format = useFormat()
  // Who is free changes by the second.
  const staff = useQuery({
    queryKey: keys.colleagues,
    queryFn: ({ signal }) => api.get('/api/telephony/colleagues', {}, signal),
    enabled: open,
    refetchInterval: 5_000,
    staleTime: 0,
  })
  const [extension, setExtension] = useState('')
  const [first, setFirst] = useState(canConsult)
  const send = async (to: string) => {
    const number = latinDigits(to).trim()
    try {
      await (first ? phone.consult(number) : phone.transfer(number))
      if (!canConsult) toast(t('phone.transferred'), 'ok')
      onOpenChange(false)
    } catch (error) {
      toast(errorText(error), 'bad')
    }
  }
  const others = staff.data?.items ?? []
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('phone.transferTitle')}
      description={t(canConsult ? 'phone.transferRings' : 'phone.transferLead')}
      size="sm"
    >
      <form
        className="flex items-end gap-2"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          void send(extension)
        }}
      >
        <Field label={t('phone.extension')} className="flex-1">
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              required
              value={extension}
              onChange={(event) => setExtension(event.target.value)}
            />
          )}
        </Field>
        <Button type="submit" variant="primary">
          {t('phone.transfer')}
        </Button>
      </form>
      {canConsult && (
        <Checkbox
          className="mt-2"
          checked={first}
          onChange={(event) => setFirst(event.target.checked)}
          label={t('phone.consultFirst')}
        />
      )}
      <ul className="mt-3 max-h-64 overflow-y-auto">
        {others.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              onClick={() => void send(person.extension)}
              className="flex w-full items-center gap-2 rounded px-2 py-1 text-left text-sm hover:bg-hover"
            >
              <Dot tone={STATE_TONE[person.status]} />
              <span className="flex-1">{person.name}</span>
              <span className="text-xs text-muted">
                {t(`common:role.${person.role}`)} · {t(`common:agentState.${person.status}`)}
              </span>
              <span>{format.digits(person.extension)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
