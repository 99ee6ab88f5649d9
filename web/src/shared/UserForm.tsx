import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { Role, Seniority, User } from '~/api/types'
import { MIN_PASSWORD } from '~/auth/password'
import { useFormat } from '~/i18n/i18n'
import { addDays, civilDate, latinDigits } from '~/lib/format'
import { PlacesInput } from '~/shared/District'
import { Button, Checkbox, Dialog, Field, Input, Select, toast } from '~/ui'
import { CloseIcon } from '~/ui/icons'
import { fieldError, formError } from './fields'

const FIELDS = [
  'name',
  'login',
  'password',
  'role',
  'phone',
  'extension',
  'teamId',
  'seniority',
  'capacity',
  'districts',
  'dates',
  'active',
] as const

/** The days from `from` to `to`, both included; at most `most`, so that a slip of the year stays small. */
export function daysFromTo(from: string, to: string, most = 60): string[] {
  const days: string[] = []
  for (let day = from; day <= to && days.length < most; day = addDays(day, 1)) days.push(day)
  return days
}

/** A person who logs in, new or known. `roles` are those that may be chosen; agents have more to them. */
export function UserForm({
  user,
  roles,
  onClose,
}: {
  user?: User
  roles: readonly Role[]
  onClose: () => void
}) {
  const { t } = useTranslation(['users', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const form = useId()
  const [values, setValues] = useState({
    name: user?.name ?? '',
    login: user?.login ?? '',
    password: '',
    // The least role: more is given on purpose.
    role: user?.role ?? (roles.includes('agent') ? 'agent' : (roles[0] ?? ('agent' as Role))),
    phone: user?.phone ?? '',
    extension: user?.extension ?? '',
    teamId: user?.teamId ? String(user.teamId) : '',
    seniority: user?.seniority ?? ('regular' as Seniority),
    capacity: String(user?.capacity ?? 200),
    districts: user?.districts ?? [],
    active: user?.active ?? true,
    absentOn: user?.absentOn ?? [],
  })
  const set = (part: Partial<typeof values>) => setValues((v) => ({ ...v, ...part }))
  const isAgent = values.role === 'agent'
  const teams = useQuery({
    queryKey: keys.teams,
    queryFn: ({ signal }) => api.get('/api/crm/team/teams', {}, signal),
    enabled: isAgent,
  })
  const capacity = latinDigits(values.capacity.trim())
  const capacityWrong = isAgent && !/^\d{1,3}$/.test(capacity)

  const save = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      const agentPart = {
        seniority: values.seniority,
        capacity: Number(capacity),
        districts: values.districts,
      }
      const team = values.teamId ? Number(values.teamId) : null
      const extension = latinDigits(values.extension.trim())
      const phone = latinDigits(values.phone.trim())
      if (!user) {
        return api.post('/api/users', {
          name: values.name.trim(),
          login: values.login.trim(),
          password: values.password,
          role: values.role,
          ...(extension ? { extension } : {}),
          ...(phone ? { phone } : {}),
          ...(isAgent ? agentPart : {}),
          ...(isAgent && team ? { teamId: team } : {}),
        })
      }
      const saved = await api.patch(`/api/users/${user.id}`, {
        name: values.name.trim(),
        extension: extension || null,
        phone: phone || null,
        ...(values.role !== user.role ? { role: values.role } : {}),
        ...(values.password ? { password: values.password } : {}),
        ...(values.active !== user.active ? { active: values.active } : {}),
        ...(isAgent ? agentPart : {}),
        ...(isAgent && team !== (user.teamId ?? null) ? { teamId: team } : {}),
      })
      if (isAgent && values.absentOn.join() !== user.absentOn.join()) {
        return api.put(`/api/users/${user.id}/absences`, { dates: values.absentOn })
      }
      return saved
    },
    onSuccess: (saved) => {
      toast(user ? t('common:actions.saved') : t('created', { name: saved.name }), 'ok')
      onClose()
      return changed.user(queries)
    },
  })
  const wrong = (field: string) => fieldError(save.error, field)
  const general = formError(save.error, FIELDS)
  const text = (key: 'name' | 'login' | 'phone' | 'extension', required = false) => (
    <Field label={t(key)} error={wrong(key)}>
      {(control) => (
        <Input
          {...control}
          required={required}
          autoComplete="off"
          value={values[key]}
          onChange={(e) => set({ [key]: e.target.value })}
        />
      )}
    </Field>
  )
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={
        user ? t('editTitle', { name: user.name }) : t(roles.length > 1 ? 'create' : 'createAgent')
      }
      description={user?.login}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            busy={save.isPending}
            disabled={capacityWrong}
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
        {text('name', true)}
        {user ? null : text('login', true)}
        <Field
          label={t(user ? 'newPassword' : 'password')}
          hint={t(user ? 'newPasswordHint' : 'passwordHint', { n: format.number(MIN_PASSWORD) })}
          error={wrong('password')}
        >
          {(control) => (
            <Input
              {...control}
              type="password"
              required={!user}
              minLength={MIN_PASSWORD}
              autoComplete="new-password"
              value={values.password}
              onChange={(e) => set({ password: e.target.value })}
            />
          )}
        </Field>
        {roles.length > 1 && (
          <Field label={t('role')} error={wrong('role')}>
            {(control) => (
              <Select
                {...control}
                value={values.role}
                onChange={(e) => set({ role: e.target.value as Role })}
              >
                {roles.map((role) => (
                  <option key={role} value={role}>
                    {t(`common:role.${role}`)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
        {text('extension')}
        {text('phone')}
        {isAgent && (
          <>
            <Field label={t('team')} error={wrong('teamId')}>
              {(control) => (
                <Select
                  {...control}
                  value={values.teamId}
                  onChange={(e) => set({ teamId: e.target.value })}
                >
                  <option value="">{t('noTeam')}</option>
                  {(teams.data?.items ?? []).map((team) => (
                    <option key={team.id} value={team.id}>
                      {team.code} · {team.name}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field label={t('seniority')} error={wrong('seniority')}>
              {(control) => (
                <Select
                  {...control}
                  value={values.seniority}
                  onChange={(e) => set({ seniority: e.target.value as Seniority })}
                >
                  {(['junior', 'regular', 'senior'] as const).map((value) => (
                    <option key={value} value={value}>
                      {t(`common:seniority.${value}`)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
            <Field
              label={t('capacity')}
              error={capacityWrong ? t('capacityHint') : wrong('capacity')}
            >
              {(control) => (
                <Input
                  {...control}
                  inputMode="numeric"
                  value={values.capacity}
                  onChange={(e) => set({ capacity: e.target.value })}
                />
              )}
            </Field>
            <Field label={t('districts')} hint={t('districtsHint')} error={wrong('districts')}>
              {(control) => (
                <PlacesInput
                  {...control}
                  value={values.districts}
                  onChange={(districts) => set({ districts })}
                />
              )}
            </Field>
          </>
        )}
        {user && isAgent && (
          <Absences
            days={values.absentOn}
            onChange={(absentOn) => set({ absentOn })}
            error={wrong('dates')}
            date={format.date}
          />
        )}
        {user && (
          <Checkbox
            className="col-span-2"
            label={t('mayLogIn')}
            checked={values.active}
            onChange={(e) => set({ active: e.target.checked })}
          />
        )}
        {general && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}

/** Days without work: they get no calls on them. */
function Absences({
  days,
  onChange,
  error,
  date,
}: {
  days: string[]
  onChange: (days: string[]) => void
  error: string | undefined
  date: (day: string) => string
}) {
  const { t } = useTranslation('users')
  const today = civilDate(new Date())
  const [from, setFrom] = useState('')
  const [to, setTo] = useState('')
  const add = () => {
    const all = new Set([...days, ...daysFromTo(from, to || from)])
    onChange([...all].sort())
    setFrom('')
    setTo('')
  }
  return (
    <fieldset className="col-span-2 border-t border-line pt-2">
      <legend className="sr-only">{t('absences')}</legend>
      <p aria-hidden className="mb-1 text-xs font-medium text-muted">
        {t('absences')}
      </p>
      <div className="flex items-center gap-2">
        <Input
          type="date"
          className="w-40"
          aria-label={t('absentFrom')}
          min={today}
          value={from}
          onChange={(e) => setFrom(e.target.value)}
        />
        <span aria-hidden>–</span>
        <Input
          type="date"
          className="w-40"
          aria-label={t('absentTo')}
          min={from || today}
          value={to}
          onChange={(e) => setTo(e.target.value)}
        />
        <Button disabled={!from || (to !== '' && to < from)} onClick={add}>
          {t('addAbsence')}
        </Button>
      </div>
      {error && <p className="mt-1 text-xs text-bad">{error}</p>}
      {days.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-1">
          {days.map((day) => (
            <li
              key={day}
              className="inline-flex items-center gap-1 rounded bg-sunken py-0.5 pr-1 pl-2 text-xs"
            >
              {date(day)}
              <button
                type="button"
                aria-label={t('removeAbsence', { day: date(day) })}
                className="rounded p-0.5 text-muted hover:text-ink"
                onClick={() => onChange(days.filter((other) => other !== day))}
              >
                <CloseIcon width={12} height={12} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </fieldset>
  )
}
