import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import type { ImportJob, OrderStatus } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { ORDER_STATUSES } from '~/shared/orderStatuses'
import { Button, Select, toast } from '~/ui'
import { importQuery } from './queries'

/** Status words of the file that the server does not know, the most frequent first. */
export function questions(unknown: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(unknown).sort(([a, n], [b, m]) => m - n || a.localeCompare(b))
}

/** Asks what unknown status words mean; the answers are kept for the shop. */
export function StatusQuestions({ job }: { job: ImportJob }) {
  const { t } = useTranslation(['imports', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [answers, setAnswers] = useState<Record<string, OrderStatus>>({})
  const save = useMutation({
    mutationFn: () => api.put(`/api/cdm/imports/${job.id}/statuses`, { statuses: answers }),
    onSuccess: (saved) => {
      setAnswers({})
      toast(t(job.dryRun ? 'statusSavedCheck' : 'statusSavedAgain'), 'ok')
      queries.setQueryData(importQuery(job.id).queryKey, saved)
    },
    onError: (error) => toast(errorText(error), 'bad'),
  })
  const asked = questions(job.unknownStatuses)
  if (asked.length === 0) return null
  return (
    <section className="flex shrink-0 flex-col gap-2 rounded-lg border border-line bg-surface p-3">
      <h2 className="text-sm font-semibold">{t('statusTitle')}</h2>
      <p className="max-w-2xl text-sm text-muted">{t('statusLead')}</p>
      <ul className="flex flex-col gap-1.5">
        {asked.map(([word, orders]) => (
          <li key={word} className="flex flex-wrap items-center gap-3 text-sm">
            <code className="min-w-40 break-all">{word}</code>
            <span className="min-w-24 text-muted">
              {t('statusOrders', { count: orders, n: format.number(orders) })}
            </span>
            <Select
              className="h-7 w-48"
              aria-label={t('statusMeans', { word })}
              value={answers[word] ?? ''}
              onChange={(e) =>
                setAnswers(({ [word]: _, ...rest }) =>
                  e.target.value ? { ...rest, [word]: e.target.value as OrderStatus } : rest,
                )
              }
            >
              <option value="">{t('statusUnanswered')}</option>
              {ORDER_STATUSES.map((status) => (
                <option key={status} value={status}>
                  {t(`common:orderStatus.${status}`)}
                </option>
              ))}
            </Select>
          </li>
        ))}
      </ul>
      <Button
        className="self-start"
        disabled={Object.keys(answers).length === 0}
        busy={save.isPending}
        onClick={() => save.mutate()}
      >
        {t('statusSave')}
      </Button>
    </section>
  )
}
