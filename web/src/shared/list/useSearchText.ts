import { useEffect, useRef, useState } from 'react'
import { useDebounced } from '~/lib/debounce'

/** The text of a search field whose value is in the address: typed at once, in the address a moment later. */
export function useSearchText(
  value: string | undefined,
  onChange: (value: string | undefined) => void,
): [string, (text: string) => void] {
  const [text, setText] = useState(value ?? '')
  const settled = useDebounced(text, 180).trim()
  const latest = useRef({ value, onChange })
  latest.current = { value, onChange }
  useEffect(() => {
    const { value: now, onChange: change } = latest.current
    if ((now ?? '') !== settled) change(settled || undefined)
  }, [settled])
  // The address changed by itself: back, forward, a link.
  useEffect(() => setText((old) => (old.trim() === (value ?? '') ? old : (value ?? ''))), [value])
  return [text, setText]
}
