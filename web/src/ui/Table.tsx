import type { ReactNode } from 'react'
import { cx } from '~/lib/cx'

export interface Column<T> {
  key: string
  header: ReactNode
  cell: (row: T) => ReactNode
  align?: 'left' | 'right' | 'center'
  className?: string
}

/** A plain table in its own scroll area, with a head that stays. */
export function Table<T>({
  columns,
  rows,
  rowKey,
  caption,
  empty,
  onRow,
  selected,
  className,
}: {
  columns: Column<T>[]
  rows: T[]
  rowKey: (row: T) => string | number
  /** Read out, not shown: what the table is about. */
  caption: string
  empty?: ReactNode
  /** Makes rows clickable; put a link or button into a cell as well, for the keyboard. */
  onRow?: (row: T) => void
  selected?: (row: T) => boolean
  className?: string
}) {
  const align = { left: 'text-left', right: 'text-right', center: 'text-center' }
  return (
    <section
      className={cx('min-h-0 overflow-auto rounded-lg border border-line bg-surface', className)}
      // A scroll area must be reachable by keyboard.
      // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys
      tabIndex={0}
      aria-label={caption}
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={cx(
                  'sticky top-0 z-10 border-b border-line bg-canvas px-3 py-1.5 text-xs font-medium whitespace-nowrap text-muted',
                  align[column.align ?? 'left'],
                  column.className,
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              onClick={onRow ? () => onRow(row) : undefined}
              className={cx(
                'border-b border-line/60 last:border-0',
                onRow && 'cursor-pointer hover:bg-hover',
                selected?.(row) && 'bg-accent-soft',
              )}
            >
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={cx('px-3 py-1.5', align[column.align ?? 'left'], column.className)}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </section>
  )
}
