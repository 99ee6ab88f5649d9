import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, renewing } from '~/api/client'
import { ApiError } from '~/api/error'
import { MIN_PASSWORD } from '~/auth/password'
import { auth, signIn, signOut, updateMe } from '~/auth/session'
import { errorText, useFormat } from '~/i18n/i18n'
import { useStore } from '~/lib/store'
import { Button, Dialog, Field, Input, Page, toast } from '~/ui'

/** One's own name and password. Language and theme are in the top bar. */
export function AccountPage() {
  const { t } = useTranslation(['account', 'common'])
  const { user } = useStore(auth)
  return (
    <Page title={t('title')} lead={user ? `${user.login} · ${t(`common:role.${user.role}`)}` : ''}>
      <div className="grid max-w-3xl grid-cols-1 items-start gap-4 sm:grid-cols-2">
        <NameForm name={user?.name ?? ''} />
        <PasswordForm />
        <Logins />
      </div>
    </Page>
  )
}

const FORM = 'flex flex-col gap-3 rounded-lg border border-line bg-surface p-4'

function NameForm({ name: current }: { name: string }) {
  const { t } = useTranslation(['account', 'common'])
  const [name, setName] = useState(current)
  const save = useMutation({
    mutationFn: () => api.patch('/api/auth/me', { name }),
    onSuccess: (me) => {
      updateMe(me)
      toast(t('common:actions.saved'), 'ok')
    },
  })
  return (
    <form
      className={FORM}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Field label={t('name')}>
        {(control) => (
          <Input {...control} required value={name} onChange={(e) => setName(e.target.value)} />
        )}
      </Field>
      <Button type="submit" variant="primary" busy={save.isPending} disabled={name === current}>
        {t('common:actions.save')}
      </Button>
    </form>
  )
}

function PasswordForm() {
  const { t } = useTranslation(['account', 'common'])
  const format = useFormat()
  const [currentPassword, setCurrent] = useState('')
  const [newPassword, setNew] = useState('')
  const save = useMutation({
    meta: { quiet: true },
    // All earlier tokens end: nobody refreshes with one before the new ones are known.
    mutationFn: () =>
      renewing(async () => {
        const passwords = { currentPassword, newPassword }
        const me = await api.patch('/api/auth/me', passwords, { refresh: false })
        const { accessToken, refreshToken, expiresIn, ...user } = me
        if (accessToken && refreshToken && expiresIn) {
          signIn({ accessToken, refreshToken, expiresIn, user })
        }
      }),
    onSuccess: () => {
      setCurrent('')
      setNew('')
      toast(t('changed'), 'ok')
    },
  })
  const wrong = (field: string) =>
    save.error instanceof ApiError && save.error.field === field ? errorText(save.error) : undefined
  const elsewhere =
    save.error && !wrong('currentPassword') && !wrong('newPassword') ? errorText(save.error) : null
  return (
    <form
      className={FORM}
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Field label={t('currentPassword')} error={wrong('currentPassword')}>
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="current-password"
            required
            value={currentPassword}
            onChange={(e) => setCurrent(e.target.value)}
          />
        )}
      </Field>
      <Field
        label={t('newPassword')}
        error={wrong('newPassword')}
        hint={t('hint', { n: format.number(MIN_PASSWORD) })}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoComplete="new-password"
            minLength={MIN_PASSWORD}
            required
            value={newPassword}
            onChange={(e) => setNew(e.target.value)}
          />
        )}
      </Field>
      {elsewhere && (
        <p role="alert" className="text-sm text-bad">
          {elsewhere}
        </p>
      )}
      <Button type="submit" variant="primary" busy={save.isPending}>
        {t('change')}
      </Button>
    </form>
  )
}

/** Ends every login of one's own, e.g. on a lost phone. */
function Logins() {
  const { t } = useTranslation(['account', 'common'])
  const [asking, setAsking] = useState(false)
  const end = useMutation({
    mutationFn: () => api.post('/api/auth/logout-everywhere'),
    onSuccess: signOut,
  })
  return (
    <section className={FORM}>
      <h2 className="font-semibold">{t('logins')}</h2>
      <p className="text-sm text-muted">{t('loginsLead')}</p>
      <Button onClick={() => setAsking(true)}>{t('logoutEverywhere')}</Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={t('logoutEverywhere')}
        description={t('logoutEverywhereLead')}
        size="sm"
        footer={
          <>
            <Button onClick={() => setAsking(false)}>{t('common:actions.cancel')}</Button>
            <Button variant="danger" busy={end.isPending} onClick={() => end.mutate()}>
              {t('logoutEverywhere')}
            </Button>
          </>
        }
      />
    </section>
  )
}
