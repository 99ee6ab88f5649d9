import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import { changed } from '~/api/keys'
import { usersQuery } from '~/api/queries'
import { errorText, useFormat } from '~/i18n/i18n'
import { fieldError } from '~/shared/fields'
import { Button, Dialog, Field, Input, Select, toast } from '~/ui'

/** Gives one or many customers to an agent, or back to the team leader's pool; all or none. */
export function AssignDialog({
  customers,
  mode,
  onClose,
  onDone,
}: {
  customers: { id: number; name: string }[]
  mode: 'assign' | 'unassign'
  onClose: () => void
  onDone?: () => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const form = useId()
  const [agentId, setAgent] = useState('')
  const [reason, setReason] = useState('')
  const agents = useQuery({ ...usersQuery('agent'), enabled: mode === 'assign' })
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const why = reason.trim() ? { reason: reason.trim() } : {}
      const customerIds = customers.map((c) => c.id)
      return mode === 'assign'
        ? api.post('/api/crm/team/leads/bulk-assign', {
            customerIds,
            agentId: Number(agentId),
            ...why,
          })
        : api.post('/api/crm/team/leads/bulk-unassign', { customerIds, ...why })
    },
    onSuccess: ({ changed: count, unchanged }) => {
      toast(
        t(unchanged ? 'assignedSome' : 'assigned', {
          n: format.number(count),
          count,
          same: format.number(unchanged),
        }),
        'ok',
      )
      onDone?.()
      onClose()
      return changed.customer(queries)
    },
  })
  const only = customers.length === 1 ? customers[0] : undefined
  const who = only
    ? only.name
    : t('picked', { n: format.number(customers.length), count: customers.length })
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t(mode === 'assign' ? 'assignTitle' : 'unassignTitle', { who })}
      description={t(mode === 'assign' ? 'assignLead' : 'unassignLead')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={mode === 'assign' && !agentId}
          >
            {t(mode)}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        {mode === 'assign' && (
          <Field label={t('column.agent')} error={fieldError(save.error, 'agentId')}>
            {(control) => (
              <Select
                {...control}
                required
                value={agentId}
                onChange={(e) => setAgent(e.target.value)}
              >
                <option value="">{t('chooseAgent')}</option>
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
        <Field label={t('reason')} hint={t('reasonHint')} error={fieldError(save.error, 'reason')}>
          {(control) => (
            <Input
              {...control}
              maxLength={500}
              value={reason}
              onChange={(e) => setReason(e.target.value)}
            />
          )}
        </Field>
        {save.isError && <Refused error={save.error} customers={customers} />}
      </form>
    </Dialog>
  )
}

/** Nothing was changed: why, with the first few customers that cannot be moved. */
function Refused({
  error,
  customers,
}: {
  error: unknown
  customers: { id: number; name: string }[]
}) {
  const { t } = useTranslation('customers')
  const inner = error instanceof ApiError ? error.errors : []
  return (
    <div role="alert" className="text-sm text-bad">
      <p>
        {errorText(error)} {customers.length > 1 && t('nothingChanged')}
      </p>
      {inner.length > 0 && (
        <ul className="ml-4 list-disc">
          {inner.slice(0, 5).map((entry) => (
            <li key={`${entry.field} ${entry.code}`}>
              {entry.field}: {entry.detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
