import { api } from '~/api/client'
import type { Language, Me, Theme } from '~/api/types'
import { auth, signOut, updateMe } from '~/auth/session'
import { setLanguage } from '~/i18n/i18n'
import { setTheme } from '~/lib/theme'

/** Shown at once, kept on the server for the next device; without a server the choice still holds here. */
async function keep(change: Partial<Me>): Promise<void> {
  try {
    updateMe(await api.patch('/api/auth/me', change))
  } catch {
    // Kept in this browser.
  }
}

export async function saveLanguage(language: Language): Promise<void> {
  await setLanguage(language)
  if (auth.get().user) await keep({ language })
}

export async function saveTheme(theme: Theme): Promise<void> {
  setTheme(theme)
  if (auth.get().user) await keep({ theme })
}

export async function logout(): Promise<void> {
  const { refreshToken } = auth.get()
  try {
    if (refreshToken) await api.post('/api/auth/logout', { refreshToken })
  } catch {
    // The token runs out by itself.
  }
  signOut()
}
