import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { categoriesQuery } from '~/api/queries'
import type { PackUnit, Product } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { fieldError, formError } from '~/shared/fields'
import { Button, Checkbox, Dialog, Field, Input, Select, toast } from '~/ui'
import { poisha, taka } from './price'

const UNITS: PackUnit[] = ['kg', 'g', 'litre', 'ml', 'pcs']
const FIELDS = ['sku', 'nameBn', 'nameEn', 'categoryId', 'packSize', 'packUnit', 'price'] as const

export function ProductForm({ product, onClose }: { product?: Product; onClose: () => void }) {
  const { t } = useTranslation(['products', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const form = useId()
  const categories = useQuery(categoriesQuery())
  const [values, setValues] = useState({
    sku: product?.sku ?? '',
    nameBn: product?.nameBn ?? '',
    nameEn: product?.nameEn ?? '',
    categoryId: product ? String(product.categoryId) : '',
    packSize: product ? String(product.packSize) : '',
    packUnit: product?.packUnit ?? ('kg' as PackUnit),
    price: product ? taka(product.price) : '',
    active: product?.active ?? true,
  })
  const set = (part: Partial<typeof values>) => setValues((v) => ({ ...v, ...part }))
  const price = poisha(values.price)
  const packSize = Number(latinDigits(values.packSize))
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      // The button is not there to be pressed without a price.
      if (price === null) return
      const body = {
        nameBn: values.nameBn.trim(),
        nameEn: values.nameEn.trim(),
        categoryId: Number(values.categoryId),
        packSize,
        packUnit: values.packUnit,
        price,
        active: values.active,
      }
      const sku = values.sku.trim()
      if (!product) return api.post('/api/cdm/products', { ...body, sku })
      const path = `/api/cdm/products/${product.id}` as const
      return api.patch(path, sku === product.sku ? body : { ...body, sku })
    },
    onSuccess: () => {
      toast(t('common:actions.saved'), 'ok')
      onClose()
      return changed.product(queries)
    },
  })
  const wrong = (field: string) => fieldError(save.error, field)
  const priceWrong = values.price && price === null ? t('priceHint') : wrong('price')
  const sizeWrong = values.packSize && !(packSize > 0) ? t('sizeHint') : wrong('packSize')
  const text = (key: 'sku' | 'nameBn' | 'nameEn', lang?: string) => (
    <Field label={t(key)} error={wrong(key)}>
      {(control) => (
        <Input
          {...control}
          lang={lang}
          required
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
      title={product ? t('editTitle', { name: format.name(product) }) : t('create')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={price === null || !(packSize > 0)}
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
        {text('nameBn', 'bn')}
        {text('nameEn', 'en')}
        {text('sku')}
        <Field label={t('category')} error={wrong('categoryId')}>
          {(control) => (
            <Select
              {...control}
              required
              value={values.categoryId}
              onChange={(e) => set({ categoryId: e.target.value })}
            >
              <option value="">{t('chooseCategory')}</option>
              {(categories.data?.items ?? []).map((c) => (
                <option key={c.id} value={c.id}>
                  {format.name(c)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('packSize')} error={sizeWrong}>
          {(control) => (
            <Input
              {...control}
              required
              inputMode="decimal"
              value={values.packSize}
              onChange={(e) => set({ packSize: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('packUnit')} error={wrong('packUnit')}>
          {(control) => (
            <Select
              {...control}
              value={values.packUnit}
              onChange={(e) => set({ packUnit: e.target.value as PackUnit })}
            >
              {UNITS.map((unit) => (
                <option key={unit} value={unit}>
                  {t(`unit.${unit}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('priceTaka')} error={priceWrong}>
          {(control) => (
            <Input
              {...control}
              required
              inputMode="decimal"
              value={values.price}
              onChange={(e) => set({ price: e.target.value })}
            />
          )}
        </Field>
        <Checkbox
          className="self-end pb-1.5"
          label={t('sold')}
          checked={values.active}
          onChange={(e) => set({ active: e.target.checked })}
        />
        {general && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
