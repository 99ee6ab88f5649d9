import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { categoriesQuery } from '~/api/queries'
import { useFormat } from '~/i18n/i18n'
import type { Cancelled } from './live'

/** Why a call became needless, in words: "Rice was ordered again (TC-7)". */
export function useCancelReason(): (reason: Cancelled['reason']) => string {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const categories = useQuery(categoriesQuery())
  return ({ code, params }) => {
    if (code === 'do_not_call' || code === 'answered' || code === 'merged') {
      return t(`customer.cancelledBecause.${code}`)
    }
    if (code !== 'reordered') return t('customer.cancelledOther', { reason: code })
    const slug = String(params.categorySlug ?? '')
    const category = categories.data?.items.find((c) => c.slug === slug)
    return t('customer.cancelledReorder', {
      category: category ? format.name(category) : slug,
      order: format.digits(String(params.orderNo ?? '')),
    })
  }
}
