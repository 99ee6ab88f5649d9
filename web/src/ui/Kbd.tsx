import { cx } from '~/lib/cx'
import { keyLabel } from '~/lib/keys'

/** A key, printed beside what it does. Screen readers get it from aria-keyshortcuts instead. */
export function Kbd({ k, tone = 'plain' }: { k: string; tone?: 'plain' | 'onAccent' }) {
  return (
    <kbd
      aria-hidden
      className={cx(
        'inline-grid h-[18px] min-w-[18px] place-items-center rounded border px-1 font-sans text-2xs leading-none font-medium',
        tone === 'onAccent' ? 'border-current/40' : 'border-line bg-canvas text-muted',
      )}
    >
      {keyLabel(k)}
    </kbd>
  )
}
