import { storage } from '~/lib/storage'
import { createStore, type Store, useStore } from '~/lib/store'
import { auth } from './session'

// A Map, so that all components that use a preference see a change of it at once.
const stores = new Map<string, Store<unknown>>()

function storeOf<T>(key: string, initial: T): Store<T> {
  let store = stores.get(key)
  if (!store) {
    let value: unknown = initial
    try {
      const saved = storage.get(key)
      if (saved !== null) value = JSON.parse(saved)
    } catch {
      // Written by something else: the default applies.
    }
    store = createStore(value)
    stores.set(key, store)
  }
  return store as Store<T>
}

/**
 * A choice about the look of the app (menu collapsed, columns shown), kept in this browser for each user.
 * The caller checks the value: an older version may have written another shape.
 */
export function usePreference<T>(name: string, initial: T): [T, (next: T) => void] {
  const { user } = useStore(auth)
  const key = `${name}.${user?.id ?? 0}`
  const store = storeOf(key, initial)
  return [
    useStore(store),
    (next) => {
      store.set(next)
      storage.set(key, JSON.stringify(next))
    },
  ]
}
