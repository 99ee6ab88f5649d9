import type { ReactNode } from 'react'
import { cx } from '~/lib/cx'

/** A page below the top bar: a heading with actions, then content that fills the rest of the window. */
export function Page({
  title,
  lead,
  actions,
  children,
  className,
}: {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <div className={cx('flex h-full min-h-0 flex-col gap-3 p-4', className)}>
      <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1">
          <h1 className="text-xl font-semibold">{title}</h1>
          {lead && <p className="text-sm text-muted">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** A titled area. Panels stand side by side; never one inside another. */
export function Panel({
  title,
  aside,
  children,
  className,
  bodyClass,
}: {
  title?: ReactNode
  aside?: ReactNode
  children: ReactNode
  className?: string
  bodyClass?: string
}) {
  return (
    <section
      className={cx('flex min-h-0 flex-col rounded-lg border border-line bg-surface', className)}
    >
      {title && (
        <header className="flex min-h-9 items-center gap-2 border-b border-line px-3 py-1">
          <h2 className="flex-1 text-sm font-semibold">{title}</h2>
          {aside}
        </header>
      )}
      <div className={cx('min-h-0 flex-1', bodyClass)}>{children}</div>
    </section>
  )
}
