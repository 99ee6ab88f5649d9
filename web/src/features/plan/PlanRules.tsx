import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import type { PlanSettings } from '~/api/types'
import { auth } from '~/auth/session'
import { useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { fieldError, formError } from '~/shared/fields'
import { Button, Checkbox, Dialog, Field, Input, toast } from '~/ui'
import { planSettingsQuery } from './queries'
import {
  formOf,
  RULE_NUMBERS,
  RULE_TIMES,
  type RuleForm,
  type RuleNumber,
  range,
  rulesOf,
  unreadable,
} from './rules'
import { WithPlanSettings } from './WithPlanSettings'

/** Quotas, contact rules, calling hours, hold-out: the button and its dialog. Managers change them. */
export function PlanRules() {
  const { t } = useTranslation('plan')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('rules.button')}</Button>
      {open && (
        <WithPlanSettings title={t('rules.title')} onClose={() => setOpen(false)}>
          {(rules) => <RulesDialog rules={rules} onClose={() => setOpen(false)} />}
        </WithPlanSettings>
      )}
    </>
  )
}

type Pair = 'hours' | 'fridayPause' | 'ramadanDays' | 'ramadanHours' | 'ramadanPause'
const PAIRS: { key: Pair; field: string; type: 'time' | 'date' }[] = [
  { key: 'hours', field: 'callingHours.hours', type: 'time' },
  { key: 'fridayPause', field: 'callingHours.fridayPause', type: 'time' },
  { key: 'ramadanDays', field: 'callingHours.ramadan.lastDay', type: 'date' },
  { key: 'ramadanHours', field: 'callingHours.ramadan.hours', type: 'time' },
  { key: 'ramadanPause', field: 'callingHours.ramadan.pause', type: 'time' },
]
const FIELDS = [...RULE_NUMBERS, ...RULE_TIMES, 'callingHours.ramadan.lastDay']

function RulesDialog({ rules, onClose }: { rules: PlanSettings; onClose: () => void }) {
  const { t } = useTranslation(['plan', 'common'])
  const format = useFormat()
  const { user } = useStore(auth)
  const manages = user?.role === 'admin' || user?.role === 'sales_manager'
  const queries = useQueryClient()
  const id = useId()
  const [form, setForm] = useState<RuleForm>(() => formOf(rules, format.digits))
  const wrong = unreadable(form)
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.put('/api/crm/team/ops/plan/settings', rulesOf(form)),
    onSuccess: (saved) => {
      queries.setQueryData(planSettingsQuery().queryKey, saved)
      toast(t('common:actions.saved'), 'ok')
      onClose()
    },
  })
  const general = formError(save.error, FIELDS)
  const problem = (field: string) =>
    wrong.includes(field) ? t('rules.both') : fieldError(save.error, field)
  const numberProblem = (field: RuleNumber) => {
    if (!wrong.includes(field)) return fieldError(save.error, field)
    const [least, most] = range(form, field)
    return t('rules.range', { least: format.number(least), most: format.number(most) })
  }
  const pair = (key: Pair, at: 0 | 1, text: string) =>
    setForm((known) => {
      const next: [string, string] = [...known[key]]
      next[at] = text
      return { ...known, [key]: next }
    })
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="xl"
      title={t('rules.title')}
      description={t(manages ? 'rules.lead' : 'rules.readOnly')}
      footer={
        <>
          <Button onClick={onClose}>
            {t(manages ? 'common:actions.cancel' : 'common:actions.close')}
          </Button>
          {manages && (
            <Button
              type="submit"
              form={id}
              variant="primary"
              busy={save.isPending}
              disabled={wrong.length > 0}
            >
              {t('common:actions.save')}
            </Button>
          )}
        </>
      }
    >
      <form
        id={id}
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <fieldset disabled={!manages} className="grid grid-cols-2 gap-3 sm:grid-cols-3">
          {RULE_NUMBERS.map((field) => (
            <Field
              key={field}
              label={t(`rules.number.${short(field)}`)}
              error={numberProblem(field)}
            >
              {(control) => (
                <Input
                  {...control}
                  inputMode="numeric"
                  autoComplete="off"
                  value={form.numbers[field]}
                  onChange={(e) =>
                    setForm((known) => ({
                      ...known,
                      numbers: { ...known.numbers, [field]: e.target.value },
                    }))
                  }
                />
              )}
            </Field>
          ))}
          <div className="col-span-full">
            <Checkbox
              label={t('rules.spill')}
              checked={form.spill}
              onChange={(e) => setForm((known) => ({ ...known, spill: e.target.checked }))}
            />
          </div>
          {PAIRS.map(({ key, field, type }) => (
            <Field key={key} label={t(`rules.span.${key}`)} error={problem(field)}>
              {(control) => (
                <span className="flex items-center gap-1">
                  <Input
                    {...control}
                    className="min-w-0 px-2"
                    type={type}
                    value={form[key][0]}
                    onChange={(e) => pair(key, 0, e.target.value)}
                  />
                  <span aria-hidden>–</span>
                  <Input
                    className="min-w-0 px-2"
                    type={type}
                    aria-label={t('rules.until', { what: t(`rules.span.${key}`) })}
                    value={form[key][1]}
                    onChange={(e) => pair(key, 1, e.target.value)}
                  />
                </span>
              )}
            </Field>
          ))}
          {general && (
            <p role="alert" className="col-span-full text-sm text-bad">
              {general}
            </p>
          )}
        </fieldset>
      </form>
    </Dialog>
  )
}

/** The word of a number: fields of `quotas` without the group. */
type Short =
  | 'perAgentLimit'
  | 'reminder'
  | 'offer'
  | 'followup'
  | 'minDaysBetweenContacts'
  | 'mostAttempts'
  | 'promiseGraceMinutes'
  | 'mostMessages'
  | 'reminderWindowDays'
  | 'carryDays'
  | 'holdOutPercent'
const short = (field: (typeof RULE_NUMBERS)[number]) => field.replace('quotas.', '') as Short
