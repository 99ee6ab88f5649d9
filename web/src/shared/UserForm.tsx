import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { Role, Seniority, User } from '~/api/types'
import { MIN_PASSWORD } from '~/auth/password'
import { useFormat } from '~/i18n/i18n'
import { latinDigits } from '~/lib/format'
import { Select, toast } from '~/ui'
import { Absences } from './Absences'
import { PlacesInput } from './District'
import { useChecks } from './form/checks'
import { FormCheckbox, FormControl, FormDialog, FormInput, FormSelect } from './form/fields'
import { useSaveForm } from './form/useSaveForm'

function valuesOf(user: User | undefined, roles: readonly Role[]) {
  // The least role: more is given on purpose.
  const least = roles.includes('agent') ? 'agent' : (roles[0] ?? 'agent')
  return {
    name: user?.name ?? '',
    login: user?.login ?? '',
    password: '',
    role: user?.role ?? (least as Role),
    phone: user?.phone ?? '',
    extension: user?.extension ?? '',
    teamId: user?.teamId ? String(user.teamId) : '',
    seniority: user?.seniority ?? ('regular' as Seniority),
    capacity: String(user?.capacity ?? 200),
    districts: user?.districts ?? [],
    active: user?.active ?? true,
    absentOn: user?.absentOn ?? [],
  }
}
type Values = ReturnType<typeof valuesOf>

async function save(values: Values, user: User | undefined): Promise<User> {
  const isAgent = values.role === 'agent'
  const agentPart = {
    seniority: values.seniority,
    capacity: Number(latinDigits(values.capacity.trim())),
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
  const { required } = useChecks()
  const form = useSaveForm({
    values: valuesOf(user, roles),
    save: (values) => save(values, user),
    onSaved: (saved) => {
      toast(user ? t('common:actions.saved') : t('created', { name: saved.name }), 'ok')
      onClose()
      return changed.user(queries)
    },
    fieldOf: (name) => (name === 'dates' ? 'absentOn' : name),
  })
  const isAgent = form.fields.watch('role') === 'agent'
  const teams = useQuery({
    queryKey: keys.teams,
    queryFn: ({ signal }) => api.get('/api/crm/team/teams', {}, signal),
    enabled: isAgent,
  })
  const passwordHint = t('passwordHint', { n: format.number(MIN_PASSWORD) })
  const longEnough = (text: string) =>
    text === '' || text.length >= MIN_PASSWORD ? undefined : passwordHint
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      title={
        user ? t('editTitle', { name: user.name }) : t(roles.length > 1 ? 'create' : 'createAgent')
      }
      description={user?.login}
    >
      <FormInput form={form} name="name" label={t('name')} checks={[required]} />
      {!user && <FormInput form={form} name="login" label={t('login')} checks={[required]} />}
      <FormInput
        form={form}
        name="password"
        type="password"
        autoComplete="new-password"
        label={t(user ? 'newPassword' : 'password')}
        hint={user ? t('newPasswordHint', { n: format.number(MIN_PASSWORD) }) : passwordHint}
        checks={user ? [longEnough] : [required, longEnough]}
      />
      {roles.length > 1 && (
        <FormSelect form={form} name="role" label={t('role')}>
          {roles.map((role) => (
            <option key={role} value={role}>
              {t(`common:role.${role}`)}
            </option>
          ))}
        </FormSelect>
      )}
      <FormInput form={form} name="extension" label={t('extension')} />
      <FormInput form={form} name="phone" label={t('phone')} />
      {isAgent && (
        <>
          <FormControl form={form} name="teamId" label={t('team')}>
            {(control) => (
              <Select {...control} onChange={(e) => control.onChange(e.target.value)}>
                <option value="">{t('noTeam')}</option>
                {(teams.data?.items ?? []).map((team) => (
                  <option key={team.id} value={team.id}>
                    {team.code} · {team.name}
                  </option>
                ))}
              </Select>
            )}
          </FormControl>
          <FormSelect form={form} name="seniority" label={t('seniority')}>
            {(['junior', 'regular', 'senior'] as const).map((value) => (
              <option key={value} value={value}>
                {t(`common:seniority.${value}`)}
              </option>
            ))}
          </FormSelect>
          <FormInput
            form={form}
            name="capacity"
            inputMode="numeric"
            label={t('capacity')}
            checks={[
              (text) =>
                /^\d{1,3}$/.test(latinDigits(text.trim())) ? undefined : t('capacityHint'),
            ]}
          />
          <FormControl
            form={form}
            name="districts"
            label={t('districts')}
            hint={t('districtsHint')}
          >
            {(control) => <PlacesInput {...control} />}
          </FormControl>
        </>
      )}
      {user && isAgent && (
        <Absences
          days={form.fields.watch('absentOn')}
          onChange={(days) => form.fields.setValue('absentOn', days)}
          error={form.fields.formState.errors.absentOn?.message}
          date={format.date}
        />
      )}
      {user && (
        <FormCheckbox form={form} name="active" className="col-span-2" label={t('mayLogIn')} />
      )}
    </FormDialog>
  )
}
