import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import type { Cycle } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { Button, Input, toast } from '~/ui'

/** "Eight days of rice left", said on a call: moves the reminder until the next purchase. */
export function StockLeft({ customerId, cycle }: { customerId: number; cycle: Cycle }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [text, setText] = useState<string | null>(null)
  const days = text && /^\d{1,3}$/.test(latinDigits(text.trim())) ? latinDigits(text.trim()) : null
  const say = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      api.post(`/api/cdm/customers/${customerId}/cycles/${cycle.categoryId}/stock`, {
        daysLeft: Number(days),
      }),
    onSuccess: () => {
      setText(null)
      toast(t('stock.saved', { name: format.name(cycle) }), 'ok')
      return changed.customerDetail(queries, customerId)
    },
    onError: (error) => toast(errorText(error), 'bad'),
  })
  if (text === null) {
    return (
      <Button size="sm" variant="ghost" onClick={() => setText('')}>
        {t('stock.ask')}
      </Button>
    )
  }
  return (
    <form
      className="inline-flex items-center gap-1"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (days) say.mutate()
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.stopPropagation()
          setText(null)
        }
      }}
    >
      <Input
        autoFocus
        inputMode="numeric"
        className="w-16"
        aria-label={t('stock.label', { name: format.name(cycle) })}
        placeholder={t('stock.placeholder')}
        value={text}
        onChange={(e) => setText(e.target.value)}
      />
      <Button type="submit" size="sm" busy={say.isPending} disabled={!days}>
        {t('common:actions.save')}
      </Button>
    </form>
  )
}
