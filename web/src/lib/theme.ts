import type { Theme } from '~/api/types'
import { storage } from './storage'
import { createStore } from './store'

const read = (): Theme => {
  const saved = storage.get('theme')
  return saved === 'light' || saved === 'dark' ? saved : 'system'
}

export const theme = createStore<Theme>(read())

export function setTheme(next: Theme): void {
  storage.set('theme', next)
  if (next === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  theme.set(next)
}

/** What is on screen now, with the system's preference followed. */
export function isDark(): boolean {
  const chosen = theme.get()
  return chosen === 'system'
    ? matchMedia('(prefers-color-scheme: dark)').matches
    : chosen === 'dark'
}
