import type { Me, Session } from '~/api/types'
import { storage } from '~/lib/storage'
import { createStore } from '~/lib/store'

/** Who is logged in. Shared by all tabs through localStorage. */
export interface AuthState {
  accessToken: string | null
  refreshToken: string | null
  user: Me | null
}

const EMPTY: AuthState = { accessToken: null, refreshToken: null, user: null }

function read(): AuthState {
  try {
    const saved = storage.get('session')
    return saved ? { ...EMPTY, ...(JSON.parse(saved) as AuthState) } : EMPTY
  } catch {
    return EMPTY
  }
}

export const auth = createStore<AuthState>(read())

export function signIn(session: Session): void {
  const state = {
    accessToken: session.accessToken,
    refreshToken: session.refreshToken,
    user: session.user,
  }
  storage.set('session', JSON.stringify(state))
  auth.set(state)
}

export function updateMe(user: Me): void {
  const state = { ...auth.get(), user }
  storage.set('session', JSON.stringify(state))
  auth.set(state)
}

export function signOut(): void {
  storage.set('session', null)
  // The next login is a new arrival.
  if (typeof sessionStorage !== 'undefined') sessionStorage.removeItem('trustcart.arrived')
  auth.set(EMPTY)
}

/** Takes over what another tab wrote: its refreshed tokens, or its logout. */
export function reread(): AuthState {
  const state = read()
  if (state.accessToken !== auth.get().accessToken || state.user?.id !== auth.get().user?.id) {
    auth.set(state)
  }
  return auth.get()
}

if (typeof window !== 'undefined') {
  window.addEventListener('storage', (event) => {
    if (event.key === 'trustcart.session' || event.key === null) reread()
  })
}
