import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { categoriesQuery } from '~/api/queries'
import type { PackUnit, Product } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { useChecks } from '~/shared/form/checks'
import { FormCheckbox, FormDialog, FormInput, FormSelect } from '~/shared/form/fields'
import { useSaveForm } from '~/shared/form/useSaveForm'
import { QueryView, toast } from '~/ui'
import { poisha, taka } from './price'

const UNITS: PackUnit[] = ['kg', 'g', 'litre', 'ml', 'pcs']

const sizeOf = (text: string) => Number(latinDigits(text.trim()))

export function ProductForm({ product, onClose }: { product?: Product; onClose: () => void }) {
  const { t } = useTranslation(['products', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const { required } = useChecks()
  const categories = useQuery(categoriesQuery())
  const form = useSaveForm({
    values: {
      sku: product?.sku ?? '',
      nameBn: product?.nameBn ?? '',
      nameEn: product?.nameEn ?? '',
      categoryId: product ? String(product.categoryId) : '',
      packSize: product ? String(product.packSize) : '',
      packUnit: product?.packUnit ?? ('kg' as PackUnit),
      price: product ? taka(product.price) : '',
      active: product?.active ?? true,
    },
    save: (values) => {
      const body = {
        nameBn: values.nameBn.trim(),
        nameEn: values.nameEn.trim(),
        categoryId: Number(values.categoryId),
        packSize: sizeOf(values.packSize),
        packUnit: values.packUnit,
        // Checked by the field.
        price: poisha(values.price) ?? 0,
        active: values.active,
      }
      const sku = values.sku.trim()
      if (!product) return api.post('/api/cdm/products', { ...body, sku })
      const path = `/api/cdm/products/${product.id}` as const
      return api.patch(path, sku === product.sku ? body : { ...body, sku })
    },
    onSaved: () => {
      toast(t('common:actions.saved'), 'ok')
      onClose()
      return changed.product(queries)
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={product ? t('editTitle', { name: format.name(product) }) : t('create')}
    >
      <FormInput form={form} name="nameBn" lang="bn" label={t('nameBn')} checks={[required]} />
      <FormInput form={form} name="nameEn" lang="en" label={t('nameEn')} checks={[required]} />
      <FormInput form={form} name="sku" label={t('sku')} checks={[required]} />
      <QueryView query={categories}>
        {({ items }) => (
          <FormSelect form={form} name="categoryId" label={t('category')} checks={[required]}>
            <option value="">{t('chooseCategory')}</option>
            {items.map((c) => (
              <option key={c.id} value={c.id}>
                {format.name(c)}
              </option>
            ))}
          </FormSelect>
        )}
      </QueryView>
      <FormInput
        form={form}
        name="packSize"
        inputMode="decimal"
        label={t('packSize')}
        checks={[required, (text) => (sizeOf(text) > 0 ? undefined : t('sizeHint'))]}
      />
      <FormSelect form={form} name="packUnit" label={t('packUnit')}>
        {UNITS.map((unit) => (
          <option key={unit} value={unit}>
            {t(`unit.${unit}`)}
          </option>
        ))}
      </FormSelect>
      <FormInput
        form={form}
        name="price"
        inputMode="decimal"
        label={t('priceTaka')}
        checks={[required, (text) => (poisha(text) === null ? t('priceHint') : undefined)]}
      />
      <FormCheckbox form={form} name="active" className="self-end pb-1.5" label={t('sold')} />
    </FormDialog>
  )
}
