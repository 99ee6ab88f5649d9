import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Customer, PinField, SegmentField, SegmentView } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { addDays, civilDate } from '~/lib/format'
import { fieldError, formError } from '~/shared/fields'
import { Button, Dialog, Field, Input, QueryView, Select, toast } from '~/ui'

const VALUES = {
  purchase_stage: ['new', 'repeat_2', 'repeat_3', 'regular', 'permanent'],
  value_stage: ['normal', 'medium', 'vip'],
  temperature: ['hot', 'warm', 'cold'],
} as const satisfies Record<PinField, readonly string[]>
const FIELDS = Object.keys(VALUES) as PinField[]

/** The key is below the customer's, so that whatever refreshes the customer refreshes this. */
const segmentQuery = (id: number) =>
  queryOptions({
    queryKey: keys.customerSegment(id),
    queryFn: ({ signal }) => api.get(`/api/cdm/customers/${id}/segment`, {}, signal),
  })

/** What a value of a field is called. */
function useWord() {
  const { t } = useTranslation('common')
  return (field: SegmentField, value: string) => {
    const group = {
      purchase_stage: 'purchaseStage',
      value_stage: 'valueStage',
      lifecycle_stage: 'lifecycle',
      temperature: 'temperature',
    } as const
    return String(t(`${group[field]}.${value}` as 'temperature.hot'))
  }
}

/** What the rules say of a customer, what people pinned against them, and how it came to be. */
export function StagePanel({ customer, leads }: { customer: Customer; leads: boolean }) {
  const query = useQuery(segmentQuery(customer.id))
  return (
    <QueryView query={query}>
      {(view) => <View customer={customer} view={view} leads={leads} />}
    </QueryView>
  )
}

function View({
  customer,
  view,
  leads,
}: {
  customer: Customer
  view: SegmentView
  leads: boolean
}) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const word = useWord()
  const people = useQuery(directoryQuery())
  const nameOf = (id: number) => people.data?.items.find((p) => p.id === id)?.name ?? '…'
  const queries = useQueryClient()
  const [pinning, setPinning] = useState<PinField | null>(null)
  const rules = {
    purchase_stage: view.purchaseStage,
    value_stage: view.valueStage,
    temperature: view.temperature,
  }
  const takeOff = useMutation({
    mutationFn: (field: PinField) => api.delete(`/api/cdm/customers/${customer.id}/pins/${field}`),
    onSuccess: (_, field) => {
      toast(t('stage.takenOff', { field: t(`stage.${field}`) }), 'ok')
      return changed.customer(queries, customer.id)
    },
  })
  return (
    <div className="px-3 py-2 text-sm">
      <ul className="flex flex-col gap-1.5">
        {FIELDS.map((field) => {
          const pin = view.pins.find((one) => one.field === field)
          return (
            <li key={field} className="flex items-start gap-2">
              <div className="min-w-0 flex-1">
                <span className="text-muted">{t(`stage.${field}`)}: </span>
                <strong className="font-semibold">{word(field, pin?.value ?? rules[field])}</strong>
                {pin && (
                  <p className="text-xs text-muted">
                    {t('stage.pinned', {
                      name: nameOf(pin.pinnedBy),
                      until: format.date(pin.until),
                      reason: pin.reason,
                    })}{' '}
                    {pin.value === rules[field]
                      ? t('stage.rulesAgree')
                      : t('stage.rulesSay', { value: word(field, rules[field]) })}
                  </p>
                )}
              </div>
              {leads && pin && (
                <Button
                  size="sm"
                  variant="ghost"
                  aria-label={t('stage.takeOffOne', { field: t(`stage.${field}`) })}
                  busy={takeOff.isPending && takeOff.variables === field}
                  onClick={() => takeOff.mutate(field)}
                >
                  {t('stage.takeOff')}
                </Button>
              )}
              {leads && (
                <Button
                  size="sm"
                  variant="ghost"
                  aria-label={t(pin ? 'stage.changeOne' : 'stage.pinOne', {
                    field: t(`stage.${field}`),
                  })}
                  onClick={() => setPinning(field)}
                >
                  {t(pin ? 'stage.change' : 'stage.pin')}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      <details className="mt-2 border-t border-line pt-1.5">
        <summary className="cursor-pointer text-xs font-medium text-muted">
          {t('stage.history')}
        </summary>
        {view.history.length === 0 ? (
          <p className="mt-1 text-xs text-muted">{t('stage.noHistory')}</p>
        ) : (
          <ul className="mt-1 flex flex-col gap-1 text-xs">
            {view.history.map((change) => (
              <li key={change.id}>
                <span className="text-muted">{format.date(change.day)}</span>{' '}
                {t(`stage.${change.field}`)}: {word(change.field, change.was)} →{' '}
                {word(change.field, change.became)}{' '}
                <span className="text-muted">
                  {change.byUserId == null
                    ? t('stage.byRules')
                    : t('by', { name: nameOf(change.byUserId) })}
                  {change.reason ? ` · ${change.reason}` : ''}
                </span>
              </li>
            ))}
          </ul>
        )}
      </details>
      {pinning && (
        <PinDialog
          customer={customer}
          field={pinning}
          now={view.pins.find((one) => one.field === pinning)?.value ?? rules[pinning]}
          onClose={() => setPinning(null)}
        />
      )}
    </div>
  )
}

function PinDialog({
  customer,
  field,
  now,
  onClose,
}: {
  customer: Customer
  field: PinField
  now: string
  onClose: () => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const word = useWord()
  const queries = useQueryClient()
  const form = useId()
  const today = civilDate(new Date())
  const [value, setValue] = useState(now)
  const [until, setUntil] = useState(addDays(today, 90))
  const [reason, setReason] = useState('')
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.put(`/api/cdm/customers/${customer.id}/pins/${field}`, {
        value,
        until,
        reason: reason.trim(),
      }),
    onSuccess: () => {
      toast(t('stage.kept', { field: t(`stage.${field}`), value: word(field, value) }), 'ok')
      onClose()
      return changed.customer(queries, customer.id)
    },
  })
  const general = formError(save.error, ['value', 'until', 'reason'])
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('stage.title', { name: customer.name, field: t(`stage.${field}`) })}
      description={t('stage.lead')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={!reason.trim() || !until}
          >
            {t('stage.pin')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-2"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <div className="grid grid-cols-2 gap-2">
          <Field label={t(`stage.${field}`)} error={fieldError(save.error, 'value')}>
            {(control) => (
              <Select {...control} value={value} onChange={(e) => setValue(e.target.value)}>
                {VALUES[field].map((one) => (
                  <option key={one} value={one}>
                    {word(field, one)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={t('stage.until')} error={fieldError(save.error, 'until')}>
            {(control) => (
              <Input
                {...control}
                type="date"
                required
                min={today}
                max={addDays(today, 366)}
                value={until}
                onChange={(e) => setUntil(e.target.value)}
              />
            )}
          </Field>
        </div>
        <Field label={t('reason')} hint={t('reasonHint')} error={fieldError(save.error, 'reason')}>
          {(control) => (
            <Input
              {...control}
              required
              maxLength={500}
              autoComplete="off"
              value={reason}
              onChange={(e) => setReason(e.target.value)}
            />
          )}
        </Field>
        {general && (
          <p role="alert" className="text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
