import { useEffect, useRef } from 'react'
import { storage } from './storage'
import { createStore, useStore } from './store'

/**
 * Keys for actions. A key is named by its place on the keyboard, so that it works under a Bangla layout too:
 * "C", "1", "Shift+1", "Ctrl+Enter", "Space", and "E 1" for one after the other. People may remap them; the
 * help dialog lists what is on screen now.
 */
export interface Binding {
  /** Stable, e.g. "desk.call": what a remapping is stored under. */
  id: string
  /** The key unless the person chose another. */
  key: string
  label: string
  group: string
  run: () => void
  enabled: boolean
  /** Also while a text field has the focus. */
  whileTyping?: boolean
  /** Only where nothing else on screen has the key. */
  fallback?: boolean
  /** Shown in the help but not to be changed (digits of a list). */
  fixed?: boolean
}

const chosen = createStore<Record<string, string>>(
  (() => {
    try {
      return JSON.parse(storage.get('keys') ?? '{}') as Record<string, string>
    } catch {
      return {}
    }
  })(),
)
export const bindings = createStore<readonly Binding[]>([])

export function keyOf(id: string, fallback: string): string {
  return chosen.get()[id] ?? fallback
}

export function useKeyOf(id: string, fallback: string): string {
  return useStore(chosen)[id] ?? fallback
}

export function remap(id: string, key: string): void {
  chosen.set((all) => ({ ...all, [id]: key }))
  storage.set('keys', JSON.stringify(chosen.get()))
}

export function resetKeys(): void {
  chosen.set({})
  storage.set('keys', null)
}

/** How a key is printed on a button. */
export function keyLabel(key: string): string {
  return key
    .replace('Shift+Slash', '?')
    .replace('Slash', '/')
    .replace('Shift+', '⇧')
    .replace('Ctrl+', 'Ctrl ')
    .replace('Enter', '↵')
    .replace('ArrowUp', '↑')
    .replace('ArrowDown', '↓')
    .replace('Escape', 'Esc')
    .replace(' ', key.startsWith('Ctrl') ? ' ' : '')
}

/** The name of the key that was pressed, or null for a modifier alone. */
export function pressed(event: KeyboardEvent): string | null {
  const code = event.code || event.key
  if (/^(Shift|Control|Alt|Meta|OS)/.test(code)) return null
  const name = code.replace(/^Key/, '').replace(/^(Digit|Numpad)(?=[\dE])/, '')
  return (
    (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') +
    (event.altKey ? 'Alt+' : '') +
    (event.shiftKey ? 'Shift+' : '') +
    name
  )
}

/** A box that was ticked keeps the focus, but nobody types into it. */
const isTick = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && /^(checkbox|radio)$/.test(target.type)

function typingIn(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    !isTick(target) &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

/** Enter and Space belong to a control that was reached by Tab. */
function activates(target: EventTarget | null, key: string): boolean {
  if (key === 'Space' && isTick(target)) return true
  return (
    (key === 'Enter' || key === 'Space') &&
    target instanceof HTMLElement &&
    target.closest('button,a,summary,[role="menuitem"],[role="tab"],[role="option"]') !== null
  )
}

let prefix: { key: string; until: number } | null = null

export function handleKey(event: KeyboardEvent, now = Date.now()): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return
  const key = pressed(event)
  if (!key || activates(event.target, key)) return
  const typing = typingIn(event.target)
  const dialog = document.querySelector('[role="dialog"][data-state="open"],[role="menu"]') !== null
  const usable = bindings.get().filter((b) => b.enabled && (!typing || b.whileTyping) && !dialog)
  const sequence = prefix && prefix.until > now ? `${prefix.key} ${key}` : null
  prefix = null
  // The latest mounted wins: a panel on top of a page.
  const find = (wanted: string) => {
    const found = usable.filter((b) => keyOf(b.id, b.key) === wanted)
    return found.findLast((b) => !b.fallback) ?? found.at(-1)
  }
  const found = (sequence ? find(sequence) : undefined) ?? find(key)
  if (found) {
    // Escape also closes what the browser itself has opened.
    if (key !== 'Escape') event.preventDefault()
    found.run()
  } else if (usable.some((b) => keyOf(b.id, b.key).startsWith(`${key} `))) {
    prefix = { key, until: now + 1500 }
    event.preventDefault()
  }
}

if (typeof window !== 'undefined') window.addEventListener('keydown', (event) => handleKey(event))

/** Binds a key while the component is there; returns the key as it is printed. */
export function useKey(
  binding: Omit<Binding, 'run' | 'enabled'> & { enabled?: boolean },
  run: () => void,
): string {
  const current = useRef(run)
  current.current = run
  const { id, key, label, group } = binding
  const { enabled = true, whileTyping = false, fallback = false, fixed = false } = binding
  useEffect(() => {
    const entry: Binding = {
      id,
      key,
      label,
      group,
      enabled,
      whileTyping,
      fallback,
      fixed,
      run: () => current.current(),
    }
    bindings.set((all) => [...all, entry])
    return () => bindings.set((all) => all.filter((b) => b !== entry))
  }, [id, key, label, group, enabled, whileTyping, fallback, fixed])
  return useKeyOf(id, key)
}
