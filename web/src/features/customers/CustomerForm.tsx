import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import type { Customer } from '~/api/types'
import { latinDigits } from '~/lib/format'
import { DistrictSelect } from '~/shared/District'
import { type Check, useChecks } from '~/shared/form/checks'
import {
  FormCheckbox,
  FormControl,
  FormDialog,
  FormInput,
  FormSelect,
  FormTextarea,
} from '~/shared/form/fields'
import { useSaveForm } from '~/shared/form/useSaveForm'
import { toast } from '~/ui'

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
  const { required, email } = useChecks()
  const form = useSaveForm({
    values: valuesOf(customer),
    save: (values) =>
      customer
        ? api.patch(`/api/cdm/customers/${customer.id}`, changes(values, customer))
        : api.post('/api/cdm/customers', changes(values)),
    onSaved: (saved) => {
      toast(t('common:actions.saved'), 'ok')
      void changed.customer(queries, saved.id)
      onClose()
      onSaved?.(saved)
    },
  })
  const text = (name: TextField, checks: Check[] = []) => (
    <FormInput form={form} name={name} label={t(`field.${name}`)} checks={checks} />
  )
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      size="lg"
      title={customer ? t('editTitle', { name: customer.name }) : t('create')}
    >
      {text('name', [required])}
      <FormInput
        form={form}
        name="phone"
        inputMode="tel"
        label={t('field.phone')}
        checks={[required]}
      />
      <FormInput form={form} name="phones" label={t('field.phones')} hint={t('commas')} />
      {text('email', [email])}
      <FormInput form={form} name="address" label={t('field.address')} className="col-span-2" />
      <FormControl form={form} name="district" label={t('field.district')}>
        {(control) => <DistrictSelect {...control} empty="–" />}
      </FormControl>
      {text('city')}
      <FormInput form={form} name="birthday" type="date" label={t('field.birthday')} />
      <FormInput form={form} name="anniversary" type="date" label={t('field.anniversary')} />
      <FormSelect form={form} name="greeting" label={t('field.greeting')}>
        <option value="">–</option>
        {GREETINGS.map((word) => (
          <option key={word} value={word}>
            {t(`common:greeting.${word}`)}
          </option>
        ))}
      </FormSelect>
      <FormSelect form={form} name="salutation" label={t('field.salutation')}>
        <option value="">–</option>
        {SALUTATIONS.map((word) => (
          <option key={word} value={word}>
            {t(`common:salutation.${word}`)}
          </option>
        ))}
      </FormSelect>
      <FormSelect form={form} name="language" label={t('field.language')}>
        <option value="bn">বাংলা</option>
        <option value="en">English</option>
      </FormSelect>
      <FormInput
        form={form}
        name="tags"
        label={t('field.tags')}
        hint={t('commas')}
        className="col-span-2"
      />
      <FormTextarea
        form={form}
        name="notes"
        rows={2}
        label={t('field.notes')}
        className="col-span-2"
      />
      <fieldset className="col-span-2 flex flex-wrap gap-4">
        <legend className="mb-1 text-xs font-medium text-muted">{t('field.consent')}</legend>
        {CONSENTS.map((key) => (
          <FormCheckbox key={key} form={form} name={`consent.${key}`} label={t(`consent.${key}`)} />
        ))}
      </fieldset>
    </FormDialog>
  )
}
