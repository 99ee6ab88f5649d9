import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { usersQuery } from '~/api/queries'
import type { Customer } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { civilDate, zoned } from '~/lib/format'
import { fieldError, formError } from '~/shared/fields'
import { Button, Dialog, Field, Input, Select, Textarea, toast } from '~/ui'

const FIELDS = ['taskDate', 'dueAt', 'agentId', 'notes']

/** What is sent for a day, an hour that may be empty, and a note. */
export function callBody(day: string, hour: string, notes: string): Record<string, string> {
  const [h, m] = hour.split(':').map(Number)
  return {
    taskDate: day,
    ...(h === undefined || m === undefined || !hour
      ? {}
      : { dueAt: zoned(day, h, m).toISOString() }),
    ...(notes.trim() ? { notes: notes.trim() } : {}),
  }
}

/** Puts a call to this customer on a queue, for a day and, if it matters, an hour. */
export function PlanCallDialog({
  customer,
  leads,
  onClose,
}: {
  customer: Customer
  /** May give it to an agent; others plan for themselves. */
  leads: boolean
  onClose: () => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const form = useId()
  const today = civilDate(new Date())
  const [day, setDay] = useState(today)
  const [hour, setHour] = useState('')
  const [agentId, setAgent] = useState('')
  const [notes, setNotes] = useState('')
  const agents = useQuery({ ...usersQuery('agent'), enabled: leads })
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.post('/api/crm/automation/tasks', {
        customerId: customer.id,
        ...callBody(day, hour, notes),
        ...(agentId ? { agentId: Number(agentId) } : {}),
      }),
    onSuccess: (task) => {
      toast(
        t(task.joined ? 'callJoined' : 'callPlanned', {
          when: task.dueAt ? format.dateTime(task.dueAt) : format.daysAgo(task.taskDate),
          name: task.agentName ?? t('pool'),
        }),
        'ok',
      )
      onClose()
      return changed.task(queries, customer.id)
    },
  })
  const wrong = (field: string) => fieldError(save.error, field)
  const general = formError(save.error, FIELDS)
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('planCallTitle', { name: customer.name })}
      description={t('planCallLead')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button type="submit" form={form} variant="primary" busy={save.isPending} disabled={!day}>
            {t('planCall')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="grid grid-cols-2 gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Field label={t('callDay')} error={wrong('taskDate')}>
          {(control) => (
            <Input
              {...control}
              type="date"
              required
              min={today}
              value={day}
              onChange={(e) => setDay(e.target.value)}
            />
          )}
        </Field>
        <Field label={t('callHour')} hint={t('callHourHint')} error={wrong('dueAt')}>
          {(control) => (
            <Input
              {...control}
              type="time"
              value={hour}
              onChange={(e) => setHour(e.target.value)}
            />
          )}
        </Field>
        {leads && (
          <Field label={t('column.agent')} error={wrong('agentId')} className="col-span-2">
            {(control) => (
              <Select {...control} value={agentId} onChange={(e) => setAgent(e.target.value)}>
                <option value="">{t('ownAgent')}</option>
                {(agents.data?.items ?? [])
                  .filter((user) => user.active)
                  .map((user) => (
                    <option key={user.id} value={user.id}>
                      {user.teamCode ? `${user.name} · ${user.teamCode}` : user.name}
                    </option>
                  ))}
              </Select>
            )}
          </Field>
        )}
        <Field label={t('callNotes')} error={wrong('notes')} className="col-span-2">
          {(control) => (
            <Textarea
              {...control}
              rows={2}
              maxLength={1000}
              value={notes}
              onChange={(e) => setNotes(e.target.value)}
            />
          )}
        </Field>
        {general && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
