import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { categoriesQuery, directoryQuery, productsQuery } from '~/api/queries'
import { useFormat } from '~/i18n/i18n'
import { DistrictSelect } from '~/shared/District'
import { Button, Input, Select } from '~/ui'
import {
  type CustomerFilters,
  filterCount,
  LIFECYCLES,
  PURCHASE_STAGES,
  TEMPERATURES,
  VALUE_STAGES,
} from './filters'

const SMALL = 'h-7 text-xs'

export function FilterBar({
  filters,
  onChange,
  onClear,
  leads,
}: {
  filters: CustomerFilters
  onChange: (part: CustomerFilters) => void
  onClear: () => void
  leads: boolean
}) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const categories = useQuery(categoriesQuery())
  const products = useQuery(productsQuery())
  const people = useQuery(directoryQuery())
  const count = filterCount(filters)
  return (
    <section
      aria-label={t('filters')}
      className="grid shrink-0 grid-cols-2 items-end gap-2 sm:grid-cols-4 lg:grid-cols-[repeat(10,minmax(0,1fr))_auto]"
    >
      <Choice
        label={t('column.segment')}
        value={filters.purchaseStage}
        options={PURCHASE_STAGES.map((v) => [v, t(`common:purchaseStage.${v}`)])}
        onChange={(purchaseStage) => onChange({ purchaseStage })}
      />
      <Choice
        label={t('value')}
        value={filters.valueStage}
        options={VALUE_STAGES.map((v) => [v, t(`common:valueStage.${v}`)])}
        onChange={(valueStage) => onChange({ valueStage })}
      />
      <Choice
        label={t('column.lifecycle')}
        value={filters.lifecycleStage}
        options={LIFECYCLES.map((v) => [v, t(`common:lifecycle.${v}`)])}
        onChange={(lifecycleStage) => onChange({ lifecycleStage })}
      />
      <Choice
        label={t('temperature')}
        value={filters.temperature}
        options={TEMPERATURES.map((v) => [v, t(`common:temperature.${v}`)])}
        onChange={(temperature) => onChange({ temperature })}
      />
      <Labelled label={t('column.district')}>
        <DistrictSelect
          className={filters.district ? `${SMALL} border-accent font-medium` : SMALL}
          aria-label={t('column.district')}
          empty={t('common:actions.all')}
          value={filters.district ?? ''}
          onChange={(district) => onChange({ district: district || undefined })}
        />
      </Labelled>
      <Choice
        label={t('boughtCategory')}
        value={filters.boughtCategoryId?.toString()}
        options={(categories.data?.items ?? []).map((c) => [String(c.id), format.name(c)])}
        onChange={(v) => onChange({ boughtCategoryId: v ? Number(v) : undefined })}
      />
      <Choice
        label={t('boughtProduct')}
        value={filters.boughtProductId?.toString()}
        options={(products.data?.items ?? []).map((p) => [String(p.id), format.name(p)])}
        onChange={(v) => onChange({ boughtProductId: v ? Number(v) : undefined })}
      />
      <Labelled label={t('lastContactBefore')}>
        <Input
          type="date"
          className={SMALL}
          aria-label={t('lastContactBefore')}
          value={filters.lastContactBefore ?? ''}
          onChange={(e) => onChange({ lastContactBefore: e.target.value || undefined })}
        />
      </Labelled>
      {leads && (
        <Choice
          label={t('column.agent')}
          value={filters.assignedTo?.toString()}
          options={[
            ['none', t('pool')],
            ...(people.data?.items ?? [])
              .filter((p) => p.role === 'agent')
              .map((p): [string, string] => [String(p.id), p.name]),
          ]}
          onChange={(v) =>
            onChange({ assignedTo: v === 'none' ? 'none' : v ? Number(v) : undefined })
          }
        />
      )}
      <Choice
        label={t('common:subReason.do_not_call')}
        value={filters.doNotCall?.toString()}
        options={[
          ['true', t('common:states.yes')],
          ['false', t('common:states.no')],
        ]}
        onChange={(v) => onChange({ doNotCall: v ? v === 'true' : undefined })}
      />
      <Button size="sm" variant="ghost" disabled={count === 0} onClick={onClear}>
        {t('clearFilters', { n: format.number(count) })}
      </Button>
    </section>
  )
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <span aria-hidden className="truncate text-2xs text-muted">
        {label}
      </span>
      {children}
    </div>
  )
}

function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: T | undefined
  options: [T, string][]
  onChange: (value: T | undefined) => void
}) {
  const { t } = useTranslation()
  return (
    <Labelled label={label}>
      <Select
        className={value ? `${SMALL} border-accent font-medium` : SMALL}
        aria-label={label}
        value={value ?? ''}
        onChange={(e) => onChange((e.target.value || undefined) as T | undefined)}
      >
        <option value="">{t('actions.all')}</option>
        {options.map(([key, name]) => (
          <option key={key} value={key}>
            {name}
          </option>
        ))}
      </Select>
    </Labelled>
  )
}
