import type { ReactNode } from 'react'
import { cx } from '~/lib/cx'

const TONES = {
  plain: 'bg-sunken text-muted',
  accent: 'bg-accent-soft text-accent-strong',
  ok: 'bg-ok-soft text-ok',
  wait: 'bg-wait-soft text-wait',
  bad: 'bg-bad-soft text-bad',
} as const
export type Tone = keyof typeof TONES

export function Badge({
  tone = 'plain',
  className,
  children,
  title,
}: {
  tone?: Tone
  className?: string
  children: ReactNode
  title?: string
}) {
  return (
    <span
      title={title}
      className={cx(
        'inline-flex shrink-0 items-center gap-1 rounded px-1.5 py-px text-2xs font-medium whitespace-nowrap',
        TONES[tone],
        className,
      )}
    >
      {children}
    </span>
  )
}

/** A dot with its meaning said in words beside it or in its label. */
export function Dot({ tone, label, ring }: { tone: Tone; label?: string; ring?: boolean }) {
  const colour = {
    plain: 'bg-control',
    accent: 'bg-accent',
    ok: 'bg-ok',
    wait: 'bg-wait',
    bad: 'bg-bad',
  }[tone]
  const shape = cx('inline-block size-2 shrink-0 rounded-full', colour, ring && 'animate-ring')
  return label ? (
    <span role="img" aria-label={label} title={label} className={shape} />
  ) : (
    <span aria-hidden className={shape} />
  )
}
