import {
  columnVisibilityFeature,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useMemo, useRef } from 'react'
import { useLanguage } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { ChevronIcon } from '~/ui/icons'
import { comparer, type ListColumn, nextSorting, type Sorting } from './columns'

const features = tableFeatures({
  columnVisibilityFeature,
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
})

/** Shorter lists are in the page as a whole: the browser's own search and print find all rows. */
const VIRTUAL_FROM = 150
const ROW_HEIGHT = 34
const ALIGN = { left: 'text-left', right: 'text-right', center: 'text-center' }

export interface ListTableProps<T extends RowData> {
  columns: readonly ListColumn<T>[]
  hidden: readonly string[]
  rows: readonly T[]
  rowKey: (row: T) => string | number
  /** Read out, not shown: what the table is about. */
  caption: string
  sorting: Sorting | undefined
  onSorting: ((sorting: Sorting | undefined) => void) | undefined
  /** The rows come in the order asked for. */
  sortedByServer: boolean
  onRow?: ((row: T) => void) | undefined
  selected?: ((row: T) => boolean) | undefined
  stale?: boolean
  /** Receives the rows in the order on screen. */
  inOrder: RefObject<readonly T[]>
}

/** The rows of a list; the head stays, heads of sortable columns are buttons. */
export function ListTable<T extends RowData>(props: ListTableProps<T>) {
  const { columns, hidden, rows, rowKey, caption, sorting, onSorting, sortedByServer } = props
  const language = useLanguage()
  const byKey = useMemo(() => new Map(columns.map((c) => [c.key, c])), [columns])
  const definitions = useMemo(() => {
    const compare = comparer(language)
    return columns.map(({ key, value, sortValue = value }) => ({
      id: key,
      accessorFn: (row: T) => sortValue?.(row) ?? '',
      sortFn: (a: { original: T }, b: { original: T }) =>
        compare(sortValue?.(a.original) ?? '', sortValue?.(b.original) ?? ''),
    }))
  }, [columns, language])
  const state = useMemo(
    () => ({
      sorting: sorting ? [{ id: sorting.by, desc: sorting.desc }] : [],
      columnVisibility: Object.fromEntries(hidden.map((key) => [key, false])),
    }),
    [sorting, hidden],
  )
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: (row: T) => String(rowKey(row)),
    manualSorting: sortedByServer,
    state,
  })
  const all = table.getRowModel().rows
  const { inOrder } = props
  useEffect(() => {
    inOrder.current = all.map((row) => row.original)
  }, [all, inOrder])
  const area = useRef<HTMLElement>(null)
  const virtual = useVirtualizer({
    count: all.length,
    enabled: all.length > VIRTUAL_FROM,
    getScrollElement: () => area.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => all[index]?.id ?? index,
    overscan: 15,
    initialRect: { width: 0, height: 800 },
  })
  const whole = all.length <= VIRTUAL_FROM
  const items = virtual.getVirtualItems()
  const shown = whole
    ? all.map((row, index) => ({ row, index }))
    : items.flatMap(({ index }) => (all[index] ? [{ row: all[index], index }] : []))
  const above = whole ? 0 : (items[0]?.start ?? 0)
  const below = whole ? 0 : virtual.getTotalSize() - (items.at(-1)?.end ?? 0)
  const span = table.getVisibleLeafColumns().length

  return (
    <section
      ref={area}
      className={cx(
        'min-h-0 overflow-auto rounded-lg border border-line bg-surface',
        props.stale && 'opacity-70',
      )}
      // A scroll area must be reachable by keyboard.
      // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys
      tabIndex={0}
      aria-label={caption}
    >
      <table className="w-full border-collapse text-sm" aria-rowcount={all.length + 1}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {table.getVisibleLeafColumns().map(({ id }) => {
              const column = byKey.get(id)
              return (
                column && (
                  <Head
                    key={id}
                    column={column}
                    sorting={sorting}
                    onSorting={
                      onSorting && (sortedByServer ? column.serverSort : column.value)
                        ? onSorting
                        : undefined
                    }
                  />
                )
              )
            })}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Space height={above} span={span} />}
          {shown.map(({ row, index }) => (
            <tr
              key={row.id}
              ref={whole ? undefined : virtual.measureElement}
              data-index={index}
              aria-rowindex={index + 2}
              onClick={props.onRow ? () => props.onRow?.(row.original) : undefined}
              className={cx(
                'border-b border-line/60 last:border-0',
                props.onRow && 'cursor-pointer hover:bg-hover',
                props.selected?.(row.original) && 'bg-accent-soft',
              )}
            >
              {row.getVisibleCells().map((cell) => {
                const column = byKey.get(cell.column.id)
                return (
                  <td
                    key={cell.id}
                    className={cx('px-3 py-1.5', ALIGN[column?.align ?? 'left'], column?.className)}
                  >
                    {column?.cell(row.original)}
                  </td>
                )
              })}
            </tr>
          ))}
          {below > 0 && <Space height={below} span={span} />}
        </tbody>
      </table>
    </section>
  )
}

/** Rows that are not drawn, as high as they would be. */
function Space({ height, span }: { height: number; span: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={span} style={{ height, padding: 0 }} />
    </tr>
  )
}

function Head<T>({
  column,
  sorting,
  onSorting,
}: {
  column: ListColumn<T>
  sorting: Sorting | undefined
  onSorting: ((sorting: Sorting | undefined) => void) | undefined
}) {
  const mine = sorting?.by === column.key ? sorting : undefined
  const title = column.head ?? column.header
  return (
    <th
      scope="col"
      aria-sort={mine ? (mine.desc ? 'descending' : 'ascending') : undefined}
      className={cx(
        'sticky top-0 z-10 border-b border-line bg-canvas px-3 py-1.5 text-xs font-medium whitespace-nowrap text-muted',
        ALIGN[column.align ?? 'left'],
        column.className,
      )}
    >
      {onSorting ? (
        <button
          type="button"
          className="inline-flex items-center gap-1 rounded hover:text-ink"
          onClick={() => onSorting(nextSorting(sorting, column.key))}
        >
          {title}
          <ChevronIcon
            width={12}
            height={12}
            className={cx('shrink-0', !mine && 'opacity-30', mine && !mine.desc && 'rotate-180')}
          />
        </button>
      ) : (
        title
      )}
    </th>
  )
}
