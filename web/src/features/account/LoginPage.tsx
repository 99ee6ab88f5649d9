import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { signIn } from '~/auth/session'
import { errorText, setLanguage, useLanguage } from '~/i18n/i18n'
import { Button, Field, Input } from '~/ui'

export function LoginPage() {
  const { t } = useTranslation()
  const language = useLanguage()
  const navigate = useNavigate()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const attempt = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.post('/api/auth/login', { login, password }),
    onSuccess: (session) => {
      signIn(session)
      void navigate({ to: '/' })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    attempt.mutate()
  }
  const other = language === 'bn' ? 'en' : 'bn'
  return (
    <main className="grid h-full place-items-center p-4">
      <div className="w-full max-w-sm">
        <div className="mb-4 flex items-center gap-3">
          <img src="/icon.svg" alt="" width={40} height={40} />
          <div className="flex-1">
            <h1 className="text-xl font-semibold">{t('app.name')} CRM</h1>
            <p className="text-sm text-muted">{t('login.lead')}</p>
          </div>
          <Button variant="ghost" size="sm" lang={other} onClick={() => void setLanguage(other)}>
            {t('settings.switchLanguage')}
          </Button>
        </div>
        <form
          onSubmit={submit}
          className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-5"
        >
          <Field label={t('login.name')}>
            {(control) => (
              <Input
                {...control}
                className="h-10"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                autoFocus
                required
                value={login}
                onChange={(e) => setLogin(e.target.value)}
              />
            )}
          </Field>
          <Field label={t('login.password')}>
            {(control) => (
              <Input
                {...control}
                className="h-10"
                type="password"
                autoComplete="current-password"
                required
                value={password}
                onChange={(e) => setPassword(e.target.value)}
              />
            )}
          </Field>
          {attempt.isError && (
            <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">
              {errorText(attempt.error)}
            </p>
          )}
          <Button type="submit" variant="primary" size="lg" busy={attempt.isPending}>
            {t('login.submit')}
          </Button>
        </form>
      </div>
    </main>
  )
}
