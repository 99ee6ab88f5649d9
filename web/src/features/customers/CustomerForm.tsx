import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import type { Customer } from '~/api/types'
import { latinDigits } from '~/lib/format'
import { DistrictSelect } from '~/shared/District'
import { fieldError, formError } from '~/shared/fields'
import { Button, Checkbox, Dialog, Field, Input, Select, Textarea, toast } from '~/ui'

const TEXTS = [
  'name',
  'phone',
  'email',
  'district',
  'city',
  'address',
  'birthday',
  'anniversary',
] as const
type TextField = (typeof TEXTS)[number]
const CONSENTS = ['call', 'sms', 'whatsapp', 'email'] as const
const FIELDS = [
  ...TEXTS,
  'phones',
  'greeting',
  'salutation',
  'language',
  'tags',
  'notes',
  'consent',
  'gender',
]
const GREETINGS = ['bhai', 'apu', 'sir', 'madam', 'dada', 'didi'] as const
const SALUTATIONS = ['salam', 'adab', 'nomoskar'] as const

interface Values extends Record<TextField, string> {
  phones: string
  greeting: '' | (typeof GREETINGS)[number]
  salutation: '' | (typeof SALUTATIONS)[number]
  language: 'bn' | 'en'
  tags: string
  notes: string
  consent: Customer['consent']
}

function valuesOf(customer: Customer | undefined): Values {
  const c: Partial<Customer> = customer ?? {}
  return {
    name: c.name ?? '',
    phone: c.phone ?? '',
    email: c.email ?? '',
    district: c.district ?? '',
    city: c.city ?? '',
    address: c.address ?? '',
    birthday: c.birthday ?? '',
    anniversary: c.anniversary ?? '',
    phones: (c.phones ?? []).join(', '),
    greeting: c.greeting ?? '',
    salutation: c.salutation ?? '',
    language: c.language ?? 'bn',
    tags: (c.tags ?? []).join(', '),
    notes: c.notes ?? '',
    consent: c.consent ?? { call: true, sms: true, whatsapp: true, email: true },
  }
}

const list = (text: string) =>
  text
    .split(/[,;\n،]/)
    .map((part) => part.trim())
    .filter(Boolean)

/** What is sent: everything for a new customer, only what was changed for one we have. */
export function changes(values: Values, customer?: Customer): Record<string, unknown> {
  const before = valuesOf(customer)
  const body: Record<string, unknown> = {}
  const put = (key: string, value: unknown) => {
    if (customer || (value !== null && value !== '')) body[key] = value
  }
  for (const key of TEXTS) {
    if (customer && values[key] === before[key]) continue
    const text = key === 'phone' ? latinDigits(values[key].trim()) : values[key].trim()
    put(key, key === 'name' || key === 'phone' ? text : text || null)
  }
  if (!customer || values.phones !== before.phones) put('phones', list(latinDigits(values.phones)))
  if (!customer || values.tags !== before.tags) put('tags', list(values.tags))
  if (!customer || values.notes !== before.notes) put('notes', values.notes.trim() || null)
  for (const key of ['greeting', 'salutation'] as const) {
    if (!customer || values[key] !== before[key]) put(key, values[key] || null)
  }
  if (!customer || values.language !== before.language) put('language', values.language)
  if (!customer || CONSENTS.some((key) => values.consent[key] !== before.consent[key])) {
    put('consent', values.consent)
  }
  return body
}

/** A new customer, or the profile of one we have. */
export function CustomerForm({
  customer,
  onClose,
  onSaved,
}: {
  customer?: Customer
  onClose: () => void
  onSaved?: (customer: Customer) => void
}) {
  const { t } = useTranslation(['customers', 'common'])
  const queries = useQueryClient()
  const form = useId()
  const [values, setValues] = useState(() => valuesOf(customer))
  const set = (part: Partial<Values>) => setValues((v) => ({ ...v, ...part }))
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      customer
        ? api.patch(`/api/cdm/customers/${customer.id}`, changes(values, customer))
        : api.post('/api/cdm/customers', changes(values)),
    onSuccess: (saved) => {
      toast(t('common:actions.saved'), 'ok')
      void changed.customer(queries, saved.id)
      onClose()
      onSaved?.(saved)
    },
  })
  const wrong = (field: string) => fieldError(save.error, field)
  const text = (key: TextField, type = 'text', className?: string) => (
    <Field label={t(`field.${key}`)} error={wrong(key)} className={className}>
      {(control) => (
        <Input
          {...control}
          type={type}
          required={key === 'name' || key === 'phone'}
          inputMode={key === 'phone' ? 'tel' : undefined}
          autoComplete="off"
          value={values[key]}
          onChange={(e) => set({ [key]: e.target.value })}
        />
      )}
    </Field>
  )
  const general = formError(save.error, FIELDS)
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="lg"
      title={customer ? t('editTitle', { name: customer.name }) : t('create')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button type="submit" form={form} variant="primary" busy={save.isPending}>
            {t('common:actions.save')}
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
        {text('name')}
        {text('phone')}
        <Field label={t('field.phones')} hint={t('commas')} error={wrong('phones')}>
          {(control) => (
            <Input
              {...control}
              value={values.phones}
              onChange={(e) => set({ phones: e.target.value })}
            />
          )}
        </Field>
        {text('email', 'email')}
        {text('address', 'text', 'col-span-2')}
        <Field label={t('field.district')} error={wrong('district')}>
          {(control) => (
            <DistrictSelect
              {...control}
              empty="–"
              value={values.district}
              onChange={(district) => set({ district })}
            />
          )}
        </Field>
        {text('city')}
        {text('birthday', 'date')}
        {text('anniversary', 'date')}
        <Field label={t('field.greeting')} error={wrong('greeting')}>
          {(control) => (
            <Select
              {...control}
              value={values.greeting}
              onChange={(e) => set({ greeting: e.target.value as Values['greeting'] })}
            >
              <option value="">–</option>
              {GREETINGS.map((word) => (
                <option key={word} value={word}>
                  {t(`common:greeting.${word}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('field.salutation')} error={wrong('salutation')}>
          {(control) => (
            <Select
              {...control}
              value={values.salutation}
              onChange={(e) => set({ salutation: e.target.value as Values['salutation'] })}
            >
              <option value="">–</option>
              {SALUTATIONS.map((word) => (
                <option key={word} value={word}>
                  {t(`common:salutation.${word}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('field.language')} error={wrong('language')}>
          {(control) => (
            <Select
              {...control}
              value={values.language}
              onChange={(e) => set({ language: e.target.value as 'bn' | 'en' })}
            >
              <option value="bn">বাংলা</option>
              <option value="en">English</option>
            </Select>
          )}
        </Field>
        <Field
          label={t('field.tags')}
          hint={t('commas')}
          error={wrong('tags')}
          className="col-span-2"
        >
          {(control) => (
            <Input
              {...control}
              value={values.tags}
              onChange={(e) => set({ tags: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('field.notes')} error={wrong('notes')} className="col-span-2">
          {(control) => (
            <Textarea
              {...control}
              rows={2}
              value={values.notes}
              onChange={(e) => set({ notes: e.target.value })}
            />
          )}
        </Field>
        <fieldset className="col-span-2 flex flex-wrap gap-4">
          <legend className="mb-1 text-xs font-medium text-muted">{t('field.consent')}</legend>
          {CONSENTS.map((key) => (
            <Checkbox
              key={key}
              label={t(`consent.${key}`)}
              checked={values.consent[key]}
              onChange={(e) => set({ consent: { ...values.consent, [key]: e.target.checked } })}
            />
          ))}
        </fieldset>
        {general && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
