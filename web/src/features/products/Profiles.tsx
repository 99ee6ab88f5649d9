import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import { categoriesQuery, productsQuery } from '~/api/queries'
import type { ConsumptionProfile, ProfilePreview } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { useDebounced } from '~/lib/debounce'
import { latinDigits } from '~/lib/format'
import { fieldError, formError } from '~/shared/fields'
import {
  Button,
  type Column,
  Dialog,
  EmptyState,
  Field,
  Input,
  QueryView,
  Table,
  toast,
} from '~/ui'

const profilesQuery = () =>
  queryOptions({
    queryKey: keys.profiles,
    queryFn: ({ signal }) => api.get('/api/cdm/consumption-profiles', {}, signal),
  })

const NUMBERS = [
  'avgConsumptionDays',
  'bufferDays',
  'bufferPct',
  'minDays',
  'maxDays',
  'typicalBaseQty',
] as const
type NumberField = (typeof NUMBERS)[number]

/** How many days a usual pack lasts, and how early to remind: the table behind every reminder date. */
export function Profiles({ manages }: { manages: boolean }) {
  const { t } = useTranslation(['products', 'common'])
  const format = useFormat()
  const profiles = useQuery(profilesQuery())
  const categories = useQuery(categoriesQuery())
  const products = useQuery(productsQuery())
  const [edited, setEdited] = useState<ConsumptionProfile | null>(null)
  const subject = (p: ConsumptionProfile) => {
    const product = products.data?.items.find((entry) => entry.id === p.productId)
    const category = categories.data?.items.find((entry) => entry.id === p.categoryId)
    const name = product ?? category
    return name ? format.name(name) : t('everything')
  }
  const unitOf = (p: ConsumptionProfile) => {
    const product = products.data?.items.find((entry) => entry.id === p.productId)
    const id = product?.categoryId ?? p.categoryId
    return categories.data?.items.find((entry) => entry.id === id)?.baseUnit ?? ''
  }
  const days = (value: number) => t('days', { n: format.number(value) })
  const columns: Column<ConsumptionProfile>[] = [
    {
      key: 'what',
      header: t('what'),
      cell: (p) => (
        <span>
          <span className="font-medium">{subject(p)}</span>{' '}
          <span className="text-xs text-muted">{t(p.productId ? 'ofProduct' : 'ofCategory')}</span>
        </span>
      ),
    },
    {
      key: 'typical',
      header: t('profile.typicalBaseQty'),
      align: 'right',
      cell: (p) => format.quantity(p.typicalBaseQty, unitOf(p)),
    },
    {
      key: 'lasts',
      header: t('profile.avgConsumptionDays'),
      align: 'right',
      cell: (p) => days(p.avgConsumptionDays),
    },
    {
      key: 'buffer',
      header: t('remindBefore'),
      align: 'right',
      cell: (p) =>
        p.bufferDays != null
          ? days(p.bufferDays)
          : p.bufferPct != null
            ? format.percent(p.bufferPct / 100)
            : '–',
    },
    {
      key: 'clamp',
      header: t('clamp'),
      align: 'right',
      cell: (p) => `${format.number(p.minDays)}–${format.number(p.maxDays)}`,
    },
    {
      key: 'due',
      header: t('dueAfter'),
      align: 'right',
      cell: (p) => <span className="font-medium">{days(reminderDay(p))}</span>,
    },
    ...(manages
      ? [
          {
            key: 'edit',
            header: <span className="sr-only">{t('common:actions.edit')}</span>,
            align: 'right',
            cell: (p: ConsumptionProfile) => (
              <Button
                size="sm"
                variant="ghost"
                aria-label={t('editTitle', { name: subject(p) })}
                onClick={() => setEdited(p)}
              >
                {t('common:actions.edit')}
              </Button>
            ),
          } satisfies Column<ConsumptionProfile>,
        ]
      : []),
  ]
  return (
    <>
      <QueryView query={profiles}>
        {({ items }) => (
          <Table
            caption={t('view.profiles')}
            columns={columns}
            rows={items}
            rowKey={(p) => p.id}
            empty={<EmptyState title={t('noProfiles')} />}
          />
        )}
      </QueryView>
      {edited && (
        <ProfileForm profile={edited} name={subject(edited)} onClose={() => setEdited(null)} />
      )}
    </>
  )
}

/** The day of the reminder after buying the usual pack. */
export function reminderDay(p: ConsumptionProfile): number {
  const lasts = Math.min(p.maxDays, Math.max(p.minDays, p.avgConsumptionDays))
  const buffer = p.bufferDays ?? Math.round((lasts * (p.bufferPct ?? 0)) / 100)
  return Math.max(0, lasts - buffer)
}

function ProfileForm({
  profile,
  name,
  onClose,
}: {
  profile: ConsumptionProfile
  name: string
  onClose: () => void
}) {
  const { t } = useTranslation(['products', 'common'])
  const queries = useQueryClient()
  const form = useId()
  const [values, setValues] = useState(
    () =>
      Object.fromEntries(NUMBERS.map((key) => [key, profile[key]?.toString() ?? ''])) as Record<
        NumberField,
        string
      >,
  )
  const optional = (key: NumberField) => key === 'bufferDays' || key === 'bufferPct'
  const read = (key: NumberField): number | null | undefined => {
    const text = latinDigits(values[key].trim())
    if (!text) return optional(key) ? null : undefined
    return /^\d{1,7}$/.test(text) ? Number(text) : undefined
  }
  const unreadable = NUMBERS.filter((key) => read(key) === undefined)
  const changes = Object.fromEntries(
    NUMBERS.filter((key) => read(key) !== (profile[key] ?? null)).map((key) => [key, read(key)]),
  )
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.patch(`/api/cdm/consumption-profiles/${profile.id}`, changes),
    onSuccess: () => {
      toast(t('common:actions.saved'), 'ok')
      onClose()
      return changed.profile(queries)
    },
  })
  const general = formError(save.error, NUMBERS)
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('editTitle', { name })}
      description={t('profileHint')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={unreadable.length > 0}
          >
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
        {NUMBERS.map((key) => (
          <Field
            key={key}
            label={t(`profile.${key}`)}
            error={unreadable.includes(key) ? t('numberHint') : fieldError(save.error, key)}
          >
            {(control) => (
              <Input
                {...control}
                inputMode="numeric"
                value={values[key]}
                onChange={(e) => setValues((v) => ({ ...v, [key]: e.target.value }))}
              />
            )}
          </Field>
        ))}
        {unreadable.length === 0 && Object.keys(changes).length > 0 && (
          <Effect id={profile.id} changes={changes} />
        )}
        {general && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}

/** What the change would do to the coming weeks. */
function Effect({
  id,
  changes,
}: {
  id: number
  changes: Record<string, number | null | undefined>
}) {
  const { t } = useTranslation('products')
  const format = useFormat()
  const settled = useDebounced(JSON.stringify(changes), 350)
  const preview = useQuery({
    queryKey: keys.profilePreview(id, settled),
    queryFn: ({ signal }) =>
      api.post(`/api/cdm/consumption-profiles/${id}/preview`, JSON.parse(settled), { signal }),
    retry: false,
    gcTime: 0,
    // A value that is not allowed is said at its field when it is saved.
    meta: { quiet: true },
  })
  if (preview.isError) return null
  return (
    <section className="col-span-2 text-xs" aria-live="polite" aria-busy={preview.isPending}>
      <h3 className="font-semibold text-muted">{t('preview.title')}</h3>
      {preview.isPending ? (
        <p className="py-2 text-muted">…</p>
      ) : (
        <EffectTable preview={preview.data} />
      )}
      <p className="mt-1 text-muted">
        {preview.data &&
          (preview.data.moved > 0
            ? t('preview.moved', {
                count: preview.data.moved,
                n: format.number(preview.data.moved),
              })
            : t('preview.none'))}{' '}
        {t('preview.learned')}
      </p>
    </section>
  )
}

function EffectTable({ preview }: { preview: ProfilePreview }) {
  const { t } = useTranslation('products')
  const format = useFormat()
  return (
    <table className="mt-1 w-full">
      <thead>
        <tr className="text-muted">
          <th className="text-left font-normal">{t('preview.week')}</th>
          <th className="text-right font-normal">{t('preview.before')}</th>
          <th className="text-right font-normal">{t('preview.after')}</th>
        </tr>
      </thead>
      <tbody>
        {preview.weeks.map((week) => (
          <tr key={week.from}>
            <th scope="row" className="text-left font-normal">
              {format.date(week.from)}
            </th>
            <td className="text-right">{format.number(week.now)}</td>
            <td className="text-right font-medium">{format.number(week.then)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
