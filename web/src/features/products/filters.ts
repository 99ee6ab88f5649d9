import { type Sorting, sortingFrom } from '~/shared/list/columns'

export const VIEWS = ['products', 'profiles', 'quality'] as const
export const SORTED = ['sku', 'name', 'other', 'category', 'pack', 'price', 'active'] as const

/** What the product page shows, kept in the address. */
export interface ProductFilters {
  /** Without it the products. */
  view?: Exclude<(typeof VIEWS)[number], 'products'> | undefined
  q?: string | undefined
  categoryId?: number | undefined
  /** A column, "-" before it for the other direction. */
  sort?: string | undefined
}

export function productFiltersFrom(raw: Record<string, unknown>): ProductFilters {
  const found: ProductFilters = {}
  if (raw.view === 'profiles' || raw.view === 'quality') found.view = raw.view
  const q = String(raw.q ?? '').trim()
  if (q) found.q = q.slice(0, 100)
  const categoryId = Number(raw.categoryId)
  if (Number.isSafeInteger(categoryId) && categoryId > 0) found.categoryId = categoryId
  if (sortingFrom(raw.sort, SORTED)) found.sort = String(raw.sort)
  return found
}

export const productSorting = (filters: ProductFilters): Sorting | undefined =>
  sortingFrom(filters.sort, SORTED)
