import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { ApiError } from '~/api/error'
import type { Role, User } from '~/api/types'
import { errorText } from '~/i18n/i18n'
import { Button, Dialog, Field, Input, Select, toast } from '~/ui'
import { ROLES } from './UsersPage'

const EMPTY = { login: '', name: '', password: '', role: 'agent' as Role, extension: '', phone: '' }

export function CreateUser({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const { t } = useTranslation(['users', 'common'])
  const queries = useQueryClient()
  const form = useId()
  const [values, setValues] = useState(EMPTY)
  const create = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const { extension, phone, ...rest } = values
      return api.post<User>('/api/users', {
        ...rest,
        ...(extension ? { extension } : {}),
        ...(phone ? { phone } : {}),
      })
    },
    onSuccess: (user) => {
      setValues(EMPTY)
      onOpenChange(false)
      toast(t('created', { name: user.name }), 'ok')
      return queries.invalidateQueries({ queryKey: ['users'] })
    },
  })
  const failed = create.error
  const wrong = (field: string) =>
    failed instanceof ApiError && failed.field === field ? errorText(failed) : undefined
  const set = (part: Partial<typeof EMPTY>) => setValues((v) => ({ ...v, ...part }))
  const text = (key: 'login' | 'name' | 'password' | 'extension' | 'phone', required = false) => (
    <Field
      label={t(key)}
      error={wrong(key)}
      hint={key === 'password' ? t('passwordHint') : undefined}
    >
      {(control) => (
        <Input
          {...control}
          required={required}
          type={key === 'password' ? 'password' : 'text'}
          autoComplete={key === 'password' ? 'new-password' : 'off'}
          value={values[key]}
          onChange={(e) => set({ [key]: e.target.value })}
        />
      )}
    </Field>
  )
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('create')}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t('common:actions.cancel')}</Button>
          <Button type="submit" form={form} variant="primary" busy={create.isPending}>
            {t('common:actions.add')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="grid grid-cols-2 gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          create.mutate()
        }}
      >
        {text('name', true)}
        {text('login', true)}
        {text('password', true)}
        <Field label={t('role')} error={wrong('role')}>
          {(control) => (
            <Select
              {...control}
              value={values.role}
              onChange={(e) => set({ role: e.target.value as Role })}
            >
              {ROLES.map((value) => (
                <option key={value} value={value}>
                  {t(`common:role.${value}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {text('extension')}
        {text('phone')}
        {failed && !(failed instanceof ApiError && failed.field) && (
          <p role="alert" className="col-span-2 text-sm text-bad">
            {errorText(failed)}
          </p>
        )}
      </form>
    </Dialog>
  )
}
