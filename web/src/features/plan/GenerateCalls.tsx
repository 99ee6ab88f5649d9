import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { PlanSettings } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { useDebounced } from '~/lib/debounce'
import { fieldError, formError } from '~/shared/fields'
import { Button, Dialog, Field, Input, Loading, toast } from '~/ui'
import { PlanView } from './PlanView'
import {
  MOST_CALLS,
  QUOTA_FIELDS,
  type QuotaField,
  quotaBody,
  quotaProblems,
  quotasOf,
} from './quota'
import { WithPlanSettings } from './WithPlanSettings'

const PATH = '/api/crm/team/ops/generate-calls'

/** "Generate today's auto calls": the button, and the dialog that shows first what would be made. */
export function GenerateCalls() {
  const { t } = useTranslation('plan')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button variant="primary" onClick={() => setOpen(true)}>
        {t('generate')}
      </Button>
      {open && (
        <WithPlanSettings title={t('generate')} onClose={() => setOpen(false)}>
          {({ quotas }) => <GenerateDialog quotas={quotas} onClose={() => setOpen(false)} />}
        </WithPlanSettings>
      )}
    </>
  )
}

function GenerateDialog({
  quotas: usual,
  onClose,
}: {
  quotas: PlanSettings['quotas']
  onClose: () => void
}) {
  const { t } = useTranslation(['plan', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [quotas, setQuotas] = useState(() => quotasOf(usual, format.digits))
  const problems = quotaProblems(quotas)
  const sound = Object.keys(problems).length === 0
  const body = quotaBody(quotas)
  const settled = useDebounced(JSON.stringify(body), 350)
  const current = settled === JSON.stringify(body)
  const preview = useQuery({
    queryKey: keys.planPreview(settled),
    queryFn: ({ signal }) => api.post(PATH, { ...JSON.parse(settled), preview: true }, { signal }),
    enabled: sound,
    staleTime: 0,
    gcTime: 0,
    placeholderData: (previous) => previous,
  })
  const generate = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.post(PATH, body),
    onSuccess: (plan) => {
      toast(t('made', { n: format.number(plan.created), count: plan.created }), 'ok')
      return changed.plan(queries)
    },
  })
  const refused = generate.error ?? preview.error
  const wrong = (field: QuotaField) => {
    const problem = problems[field]
    if (problem) return t(`problem.${problem}`, { most: format.number(MOST_CALLS) })
    return fieldError(refused, field)
  }
  const result = generate.data
  const plan = preview.data
  const waiting = preview.isFetching || !current

  if (result) {
    return (
      <Dialog
        open
        onOpenChange={(open) => !open && onClose()}
        size="xl"
        title={t('madeTitle', { date: format.date(result.date) })}
        description={t('took', { n: format.number(Math.max(1, Math.round(result.tookMs))) })}
        footer={
          <Button variant="primary" onClick={onClose}>
            {t('common:actions.close')}
          </Button>
        }
      >
        <PlanView plan={result} />
      </Dialog>
    )
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="xl"
      title={t('generate')}
      description={t('previewLead')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            variant="primary"
            busy={generate.isPending}
            disabled={!sound || waiting || !plan || plan.created + plan.messages === 0}
            onClick={() => generate.mutate()}
          >
            {plan && plan.created > 0
              ? t('confirm', { n: format.number(plan.created), count: plan.created })
              : plan && plan.messages > 0
                ? t('confirmMessages', { n: format.number(plan.messages), count: plan.messages })
                : t('confirmNone')}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <fieldset className="grid grid-cols-2 gap-3 sm:grid-cols-4">
          <legend className="sr-only">{t('quotas')}</legend>
          {QUOTA_FIELDS.map((field) => (
            <Field key={field} label={t(`quota.${field}`)} error={wrong(field)}>
              {(control) => (
                <Input
                  {...control}
                  inputMode="numeric"
                  autoComplete="off"
                  value={quotas[field]}
                  onChange={(e) => {
                    generate.reset()
                    setQuotas((q) => ({ ...q, [field]: e.target.value }))
                  }}
                />
              )}
            </Field>
          ))}
        </fieldset>
        {formError(refused, QUOTA_FIELDS) && (
          <p role="alert" className="text-sm text-bad">
            {errorText(refused)}
          </p>
        )}
        <div aria-live="polite" aria-busy={waiting} className={waiting ? 'opacity-60' : undefined}>
          {plan ? <PlanView plan={plan} /> : sound && !preview.isError && <Loading lines={5} />}
        </div>
      </div>
    </Dialog>
  )
}
