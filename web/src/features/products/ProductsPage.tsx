import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { categoriesQuery, productsQuery } from '~/api/queries'
import type { Product } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { useStore } from '~/lib/store'
import {
  Badge,
  Button,
  type Column,
  EmptyState,
  Input,
  Page,
  QueryView,
  Segmented,
  Select,
  Table,
} from '~/ui'
import { PlusIcon } from '~/ui/icons'
import { ProductForm } from './ProductForm'
import { Profiles } from './Profiles'
import { Reminders } from './Reminders'

const VIEWS = ['products', 'profiles', 'quality'] as const

const LEADS = { products: 'lead', profiles: 'profilesLead', quality: 'quality.lead' } as const

/** The catalogue, and how long each thing lasts. */
export function ProductsPage() {
  const { t } = useTranslation(['products', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const manages = user?.role === 'admin' || user?.role === 'sales_manager'
  const leads = manages || user?.role === 'team_leader'
  const [view, setView] = useState<(typeof VIEWS)[number]>('products')
  const [text, setText] = useState('')
  const [category, setCategory] = useState('')
  const [edited, setEdited] = useState<Product | 'new' | null>(null)
  const products = useQuery(productsQuery())
  const categories = useQuery(categoriesQuery())
  const needle = latinDigits(text.trim().toLowerCase())
  const columns: Column<Product>[] = [
    { key: 'sku', header: t('sku'), cell: (p) => <span className="text-muted">{p.sku}</span> },
    {
      key: 'name',
      header: t('name'),
      cell: (p) => <span className="font-medium">{format.name(p)}</span>,
    },
    {
      key: 'other',
      header: t(format.language === 'bn' ? 'nameEn' : 'nameBn'),
      cell: (p) => (
        <span className="text-muted" lang={format.language === 'bn' ? 'en' : 'bn'}>
          {format.language === 'bn' ? p.nameEn : p.nameBn}
        </span>
      ),
    },
    {
      key: 'category',
      header: t('category'),
      cell: (p) => (format.language === 'bn' ? p.categoryNameBn : p.categoryNameEn),
    },
    {
      key: 'pack',
      header: t('pack'),
      align: 'right',
      cell: (p) => format.quantity(p.packSize, p.packUnit),
    },
    { key: 'price', header: t('price'), align: 'right', cell: (p) => format.money(p.price) },
    {
      key: 'active',
      header: t('status'),
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
            header: <span className="sr-only">{t('common:actions.edit')}</span>,
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
          } satisfies Column<Product>,
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
                value={category}
                onChange={(e) => setCategory(e.target.value)}
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
            onChange={setView}
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
        <QueryView query={products}>
          {({ items }) => (
            <Table
              caption={t('title')}
              columns={columns}
              rows={items.filter(
                (p) =>
                  (!category || p.categoryId === Number(category)) &&
                  `${p.sku} ${p.nameBn} ${p.nameEn}`.toLowerCase().includes(needle),
              )}
              rowKey={(p) => p.id}
              empty={
                <EmptyState title={items.length ? t('noMatch') : t('none')}>
                  {items.length ? t('noMatchLead') : t('noneLead')}
                </EmptyState>
              }
            />
          )}
        </QueryView>
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
