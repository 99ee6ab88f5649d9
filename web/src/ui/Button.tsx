import type { ComponentProps, ReactNode } from 'react'
import { cx } from '~/lib/cx'
import { Kbd } from './Kbd'

const VARIANTS = {
  primary: 'bg-primary text-on-primary border-transparent hover:bg-primary-strong',
  /** One of several, the chosen one; a toggle that is on. */
  selected: 'bg-accent-soft text-accent-strong border-accent ring-1 ring-accent',
  plain: 'bg-surface text-ink border-control/60 hover:bg-hover',
  ghost: 'bg-transparent text-ink border-transparent hover:bg-hover',
  danger: 'bg-danger text-on-danger border-transparent hover:opacity-90',
} as const
const SIZES = {
  sm: 'h-7 px-2 text-sm gap-1.5',
  md: 'h-8 px-3 text-sm gap-2',
  lg: 'h-11 px-4 text-base gap-2',
} as const

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof VARIANTS
  size?: keyof typeof SIZES
  /** The key that does the same, printed on the button. */
  k?: string
  /** For a toggle: what is. */
  pressed?: boolean
  busy?: boolean
  icon?: ReactNode
}

export function buttonClass(
  variant: keyof typeof VARIANTS = 'plain',
  size: keyof typeof SIZES = 'md',
): string {
  return cx(
    'inline-flex shrink-0 items-center justify-center rounded-md border font-medium whitespace-nowrap select-none',
    'disabled:cursor-not-allowed disabled:border-line disabled:bg-sunken disabled:text-muted disabled:hover:bg-sunken',
    VARIANTS[variant],
    SIZES[size],
  )
}

/** A click does not take the focus away, so that Enter keeps meaning "complete" on the desk. */
export function Button({
  variant = 'plain',
  size = 'md',
  k,
  pressed,
  busy,
  icon,
  className,
  children,
  disabled,
  ...props
}: ButtonProps) {
  const filled = variant === 'primary' || variant === 'danger'
  return (
    <button
      type="button"
      aria-pressed={pressed}
      aria-busy={busy || undefined}
      aria-keyshortcuts={k}
      disabled={disabled || busy}
      onMouseDown={(event) => event.preventDefault()}
      className={cx(buttonClass(pressed ? 'selected' : variant, size), className)}
      {...props}
    >
      {icon}
      {children}
      {k && <Kbd k={k} tone={filled && !disabled ? 'onAccent' : 'plain'} />}
    </button>
  )
}
