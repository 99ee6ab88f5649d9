import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { categoriesQuery, productsQuery } from '~/api/queries'
import type { Product } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { latinDigits, quantity } from '~/lib/format'
import { useStore } from '~/lib/store'
import { type ListColumn, sortingText, takaValue } from '~/shared/list/columns'
import { List } from '~/shared/list/ListPage'
import { useSearchText } from '~/shared/list/useSearchText'
import { Badge, Button, EmptyState, Input, Page, Segmented, Select } from '~/ui'
import { PlusIcon } from '~/ui/icons'
import { type ProductFilters, productSorting, VIEWS } from './filters'
import { ProductForm } from './ProductForm'
import { Profiles } from './Profiles'
import { Reminders } from './Reminders'

const LEADS = { products: 'lead', profiles: 'profilesLead', quality: 'quality.lead' } as const

const NONE: Product[] = []

/** The catalogue, and how long each thing lasts. */
export function ProductsPage({
  filters,
  onFilters,
}: {
  filters: ProductFilters
  onFilters: (filters: ProductFilters) => void
}) {
  const { t } = useTranslation(['products', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const manages = user?.role === 'admin' || user?.role === 'sales_manager'
  const leads = manages || user?.role === 'team_leader'
  const view = filters.view ?? 'products'
  const [text, setText] = useSearchText(filters.q, (q) => onFilters({ ...filters, q }))
  const [edited, setEdited] = useState<Product | 'new' | null>(null)
  const products = useQuery(productsQuery())
  const categories = useQuery(categoriesQuery())
  const needle = latinDigits(text.trim().toLowerCase())
  const items = products.data?.items ?? NONE
  const { categoryId } = filters
  const rows = useMemo(
    () =>
      items.filter(
        (p) =>
          (!categoryId || p.categoryId === categoryId) &&
          `${p.sku} ${p.nameBn} ${p.nameEn}`.toLowerCase().includes(needle),
      ),
    [items, categoryId, needle],
  )
  const columns: ListColumn<Product>[] = [
    {
      key: 'sku',
      header: t('sku'),
      value: (p) => p.sku,
      cell: (p) => <span className="text-muted">{p.sku}</span>,
    },
    {
      key: 'name',
      header: t('name'),
      value: (p) => format.name(p),
      fixed: true,
      cell: (p) => <span className="font-medium">{format.name(p)}</span>,
    },
    {
      key: 'other',
      header: t(format.language === 'bn' ? 'nameEn' : 'nameBn'),
      value: (p) => (format.language === 'bn' ? p.nameEn : p.nameBn),
      cell: (p) => (
        <span className="text-muted" lang={format.language === 'bn' ? 'en' : 'bn'}>
          {format.language === 'bn' ? p.nameEn : p.nameBn}
        </span>
      ),
    },
    {
      key: 'category',
      header: t('category'),
      value: (p) => (format.language === 'bn' ? p.categoryNameBn : p.categoryNameEn),
      cell: (p) => (format.language === 'bn' ? p.categoryNameBn : p.categoryNameEn),
    },
    {
      key: 'pack',
      header: t('pack'),
      value: (p) => quantity(p.packSize, p.packUnit, 'en'),
      sortValue: (p) => p.packSize * (p.packUnit === 'kg' || p.packUnit === 'litre' ? 1000 : 1),
      align: 'right',
      cell: (p) => format.quantity(p.packSize, p.packUnit),
    },
    {
      key: 'price',
      header: t('price'),
      align: 'right',
      value: (p) => takaValue(p.price),
      cell: (p) => format.money(p.price),
    },
    {
      key: 'active',
      header: t('status'),
      value: (p) => t(`common:states.${p.active ? 'active' : 'inactive'}`),
      cell: (p) => (
        <Badge tone={p.active ? 'ok' : 'plain'}>
          {t(`common:states.${p.active ? 'active' : 'inactive'}`)}
        </Badge>
      ),
    },
    ...(manages
      ? [
          {
            key: 'edit',
            fixed: true,
            header: t('common:actions.edit'),
            head: <span className="sr-only">{t('common:actions.edit')}</span>,
            align: 'right',
            cell: (p: Product) => (
              <Button
                size="sm"
                variant="ghost"
                aria-label={t('editTitle', { name: format.name(p) })}
                onClick={() => setEdited(p)}
              >
                {t('common:actions.edit')}
              </Button>
            ),
          } satisfies ListColumn<Product>,
        ]
      : []),
  ]
  return (
    <Page
      title={t('title')}
      lead={t(LEADS[view])}
      actions={
        <>
          {view === 'products' && (
            <>
              <Input
                type="search"
                className="w-56"
                aria-label={t('search')}
                placeholder={t('search')}
                value={text}
                onChange={(e) => setText(e.target.value)}
              />
              <Select
                className="w-44"
                aria-label={t('category')}
                value={filters.categoryId ?? ''}
                onChange={(e) =>
                  onFilters({ ...filters, categoryId: Number(e.target.value) || undefined })
                }
              >
                <option value="">{t('allCategories')}</option>
                {(categories.data?.items ?? []).map((c) => (
                  <option key={c.id} value={c.id}>
                    {format.name(c)}
                  </option>
                ))}
              </Select>
            </>
          )}
          <Segmented
            label={t('views')}
            value={view}
            onChange={(next) => onFilters(next === 'products' ? {} : { view: next })}
            items={VIEWS.filter((value) => leads || value !== 'quality').map((value) => ({
              value,
              label: t(`view.${value}`),
            }))}
          />
          {manages && view === 'products' && (
            <Button variant="primary" icon={<PlusIcon />} onClick={() => setEdited('new')}>
              {t('create')}
            </Button>
          )}
        </>
      }
    >
      {view === 'profiles' && <Profiles manages={manages} />}
      {view === 'quality' && <Reminders manages={manages} />}
      {view === 'products' && (
        <List
          name="products"
          caption={t('title')}
          columns={columns}
          source={{ ...products, rows }}
          rowKey={(p) => p.id}
          sorting={productSorting(filters)}
          onSorting={(sorting) => onFilters({ ...filters, sort: sortingText(sorting) })}
          empty={
            <EmptyState title={items.length ? t('noMatch') : t('none')}>
              {items.length ? t('noMatchLead') : t('noneLead')}
            </EmptyState>
          }
        />
      )}
      {edited && (
        <ProductForm
          product={edited === 'new' ? undefined : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </Page>
  )
}
