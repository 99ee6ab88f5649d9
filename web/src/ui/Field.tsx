import { type ComponentProps, type ReactNode, useId } from 'react'
import { cx } from '~/lib/cx'

/** As wide as its place and as high as a button, unless the class says another size. */
function control(className: string | undefined, height = ''): string {
  const own = className ?? ''
  return cx(CONTROL, !/(^|\s)w-/.test(own) && 'w-full', !/(^|\s)h-/.test(own) && height, own)
}

const CONTROL =
  'rounded-md border border-control/70 bg-surface px-2 text-sm text-ink disabled:bg-sunken disabled:text-muted aria-invalid:border-bad'

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input className={control(className, 'h-8')} {...props} />
}

export function Select({ className, ...props }: ComponentProps<'select'>) {
  return <select className={cx(control(className, 'h-8'), 'pr-1')} {...props} />
}

export function Textarea({ className, ...props }: ComponentProps<'textarea'>) {
  return <textarea className={cx(control(className), 'resize-none py-1.5')} {...props} />
}

export function Checkbox({
  label,
  className,
  ...props
}: ComponentProps<'input'> & { label: ReactNode }) {
  return (
    <label className={cx('inline-flex items-center gap-2 text-sm', className)}>
      <input type="checkbox" className="size-4 accent-accent" {...props} />
      {label}
    </label>
  )
}

export interface FieldControl {
  id: string
  'aria-invalid'?: true
  'aria-describedby'?: string
}

/** A label, its control, and what is wrong with it: `{(control) => <Input {...control} />}`. */
export function Field({
  label,
  hint,
  error,
  className,
  children,
}: {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  className?: string
  children: (control: FieldControl) => ReactNode
}) {
  const id = useId()
  const below = error ?? hint
  return (
    <div className={cx('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="text-xs font-medium text-muted">
        {label}
      </label>
      {children({
        id,
        ...(error ? { 'aria-invalid': true as const } : {}),
        ...(below ? { 'aria-describedby': `${id}-below` } : {}),
      })}
      {below && (
        <p id={`${id}-below`} className={cx('text-xs', error ? 'text-bad' : 'text-muted')}>
          {below}
        </p>
      )}
    </div>
  )
}
