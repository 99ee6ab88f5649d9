import type { Product } from '~/api/types'
import { latinDigits } from '~/lib/format'

/** Products with every typed word in their name (either language), number or category; names that begin with it first. */
export function findProducts(products: Product[], text: string): Product[] {
  const words = latinDigits(text).toLowerCase().normalize('NFC').split(/\s+/).filter(Boolean)
  if (words.length === 0) return []
  return products
    .map((product) => {
      const names = [product.nameBn, product.nameEn].map((n) =>
        latinDigits(n).toLowerCase().normalize('NFC'),
      )
      const haystack = [
        ...names,
        product.sku,
        product.categoryNameBn,
        product.categoryNameEn,
        `${product.packSize} ${product.packUnit}`,
      ]
        .join(' ')
        .toLowerCase()
      if (!words.every((word) => haystack.includes(word))) return null
      const first = words[0] ?? ''
      return { product, rank: names.some((n) => n.startsWith(first)) ? 0 : 1 }
    })
    .filter((hit) => hit !== null)
    .sort((a, b) => a.rank - b.rank || a.product.price - b.product.price)
    .map((hit) => hit.product)
}
