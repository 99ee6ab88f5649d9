import { cx } from '~/lib/cx'
import { createStore, useStore } from '~/lib/store'
import { AlertIcon, CheckIcon } from './icons'

interface Toast {
  id: number
  text: string
  tone: 'ok' | 'bad' | 'plain'
}

const toasts = createStore<readonly Toast[]>([])
let next = 1

/** Says something for a few seconds, also to screen readers. */
export function toast(text: string, tone: Toast['tone'] = 'plain', ms = 5000): void {
  const id = next++
  toasts.set((all) => [...all.filter((t) => t.text !== text).slice(-3), { id, text, tone }])
  setTimeout(() => dismiss(id), tone === 'bad' ? ms * 1.6 : ms)
}

function dismiss(id: number): void {
  toasts.set((all) => all.filter((t) => t.id !== id))
}

export function Toasts() {
  const all = useStore(toasts)
  return (
    <div
      aria-live="polite"
      className="pointer-events-none fixed right-3 bottom-[var(--toast-bottom,12px)] z-[60] flex w-max max-w-[min(90vw,26rem)] flex-col-reverse items-end gap-2"
    >
      {all.map((item) => (
        <button
          key={item.id}
          type="button"
          onClick={() => dismiss(item.id)}
          className={cx(
            'pointer-events-auto flex animate-slide-in items-center gap-2 rounded-md border bg-surface px-3 py-2 text-left text-sm shadow-lg',
            item.tone === 'bad' ? 'border-bad text-bad' : 'border-line',
          )}
        >
          {item.tone === 'ok' && <CheckIcon className="text-ok" />}
          {item.tone === 'bad' && <AlertIcon />}
          {item.text}
        </button>
      ))}
    </div>
  )
}
