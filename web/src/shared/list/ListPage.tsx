import { useMutation } from '@tanstack/react-query'
import type { RowData } from '@tanstack/react-table'
import { type ComponentProps, type ReactNode, type RefObject, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreference } from '~/auth/preference'
import { useFormat } from '~/i18n/i18n'
import { csv, download } from '~/lib/csv'
import { civilDate } from '~/lib/format'
import { Button, ErrorState, Loading, Menu, Page, toast } from '~/ui'
import { ChevronIcon, DownloadIcon } from '~/ui/icons'
import { MoreButton } from '../pages'
import { csvRows, type ListColumn } from './columns'
import { ListTable, type ListTableProps } from './ListTable'

/** Where rows come from: all pages so far, or the whole list. */
export interface ListSource<T> {
  rows: readonly T[]
  isPending: boolean
  isError: boolean
  error: unknown
  refetch: () => unknown
  /** The rows are of the filter before. */
  isPlaceholderData?: boolean
  hasNextPage?: boolean
  isFetchingNextPage?: boolean
  fetchNextPage?: () => unknown
  /** Fetches the rows of all pages, for the CSV file; without it `rows` are all. */
  fetchAll?: () => Promise<{ rows: T[]; complete: boolean }>
}

export interface ListProps<T extends RowData>
  extends Omit<
    ListTableProps<T>,
    'rows' | 'hidden' | 'stale' | 'sortedByServer' | 'onSorting' | 'inOrder'
  > {
  /** Stable: the choice of columns is stored under it, and the CSV file is named so. */
  name: string
  source: ListSource<T>
  onSorting?: ListTableProps<T>['onSorting']
  empty: ReactNode
  /** Beside the count: actions on the chosen rows. */
  aside?: ReactNode
}

/** A list with its states, a count, the choice of columns and a CSV file of what is filtered. */
export function List<T extends RowData>({ name, source, empty, aside, ...table }: ListProps<T>) {
  const { t } = useTranslation()
  const format = useFormat()
  const [saved, setHidden] = usePreference<unknown>(`columns.${name}`, NONE)
  const hidden = Array.isArray(saved) ? (saved as string[]) : NONE
  const { rows } = source
  const inOrder = useRef<readonly T[]>(rows)
  if (source.isError && rows.length === 0) {
    return <ErrorState error={source.error} onRetry={() => void source.refetch()} />
  }
  if (source.isPending) return <Loading lines={12} className="p-2" />
  const optional = table.columns.filter((column) => !column.fixed)
  const visible = table.columns.filter((column) => column.fixed || !hidden.includes(column.key))
  const n = format.number(rows.length)
  return (
    <>
      {rows.length === 0 ? (
        <div className="rounded-lg border border-line bg-surface">{empty}</div>
      ) : (
        <ListTable
          {...table}
          rows={rows}
          hidden={hidden}
          onSorting={table.onSorting}
          sortedByServer={source.fetchAll !== undefined}
          inOrder={inOrder}
          stale={source.isPlaceholderData ?? false}
        />
      )}
      <div className="flex min-h-8 shrink-0 flex-wrap items-center gap-2">
        <p className="text-xs text-muted" aria-live="polite">
          {t(source.hasNextPage ? 'list.soFar' : 'list.total', { n, count: rows.length })}
        </p>
        <MoreButton query={source} />
        <div className="ml-auto flex flex-wrap items-center gap-2">
          {aside}
          <Menu
            trigger={
              <Button size="sm" variant="ghost">
                {t('list.columns')}
                <ChevronIcon width={12} height={12} />
              </Button>
            }
            groups={[
              {
                items: optional.map(({ key, header }) => ({
                  label: header,
                  checked: !hidden.includes(key),
                  keepOpen: true,
                  onSelect: () =>
                    setHidden(
                      hidden.includes(key) ? hidden.filter((k) => k !== key) : [...hidden, key],
                    ),
                })),
              },
            ]}
          />
          <Export name={name} columns={visible} source={source} inOrder={inOrder} />
        </div>
      </div>
    </>
  )
}

const NONE: string[] = []

function Export<T>({
  name,
  columns,
  source,
  inOrder,
}: {
  name: string
  columns: readonly ListColumn<T>[]
  source: ListSource<T>
  inOrder: RefObject<readonly T[]>
}) {
  const { t } = useTranslation()
  const format = useFormat()
  const save = useMutation({
    mutationFn: async () =>
      (await source.fetchAll?.()) ?? { rows: inOrder.current, complete: true },
    onSuccess: ({ rows, complete }) => {
      download(`${name}-${civilDate(new Date())}.csv`, csv(csvRows(columns, rows)))
      const n = format.number(rows.length)
      toast(t(complete ? 'list.saved' : 'list.cut', { n, count: rows.length }), 'ok')
    },
  })
  return (
    <Button
      size="sm"
      variant="ghost"
      icon={<DownloadIcon />}
      busy={save.isPending}
      disabled={source.rows.length === 0}
      onClick={() => save.mutate()}
    >
      {t('list.csv')}
    </Button>
  )
}

/** A page that is a list: title, actions, filters, the list. */
export function ListPage<T extends RowData>({
  title,
  lead,
  actions,
  filters,
  children,
  ...list
}: Pick<ComponentProps<typeof Page>, 'title' | 'lead' | 'actions'> &
  ListProps<T> & { filters?: ReactNode; children?: ReactNode }) {
  return (
    <Page title={title} lead={lead} actions={actions}>
      {filters}
      <List {...list} />
      {children}
    </Page>
  )
}
