import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { type AnswerOf, api, type PathOf, type QueryOf } from '~/api/client'
import type { Page } from '~/api/types'
import { Button } from '~/ui'

/** The addresses that answer in pages. */
type PagedPath = {
  [P in PathOf<'GET'>]: AnswerOf<'GET', P> extends Page<unknown> & { nextCursor?: unknown }
    ? 'cursor' extends keyof QueryOf<'GET', P>
      ? P
      : never
    : never
}[PathOf<'GET'>]
type RowOf<P extends PagedPath> = AnswerOf<'GET', P> extends Page<infer Row> ? Row : never

/** Most rows that are fetched for a file. */
const MAX_ROWS = 10_000

/** A list that comes in pages: all rows so far, and whether there are more. */
export function usePages<P extends PagedPath>(
  key: QueryKey,
  path: P,
  query: Partial<QueryOf<'GET', P>> = {},
) {
  const result = useInfiniteQuery({
    queryKey: [...key, query],
    queryFn: async ({ pageParam, signal }) =>
      (await api.get(
        path,
        { limit: 50, ...query, cursor: pageParam } as QueryOf<'GET', P>,
        signal,
      )) as Page<RowOf<P>>,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    // The rows of the filter before stay until the new ones are there: no flicker while typing.
    placeholderData: (previous) => previous,
  })
  const rows = useMemo(() => result.data?.pages.flatMap((page) => page.items) ?? [], [result.data])
  /** The rows of every page, at most `MAX_ROWS`. */
  const fetchAll = async () => {
    const all: RowOf<P>[] = []
    let cursor: string | undefined
    do {
      const asked = { limit: 200, ...query, cursor } as QueryOf<'GET', P>
      const page = (await api.get(path, asked)) as Page<RowOf<P>>
      all.push(...page.items)
      cursor = page.nextCursor ?? undefined
    } while (cursor && all.length < MAX_ROWS)
    return { rows: all, complete: cursor === undefined }
  }
  return { ...result, rows, fetchAll }
}

/** Below a list: fetch the next page, if there is one. */
export function MoreButton({
  query,
}: {
  query: { hasNextPage?: boolean; isFetchingNextPage?: boolean; fetchNextPage?: () => unknown }
}) {
  const { t } = useTranslation()
  if (!query.hasNextPage) return null
  return (
    <div className="flex justify-center p-2">
      <Button busy={query.isFetchingNextPage ?? false} onClick={() => void query.fetchNextPage?.()}>
        {t('actions.more')}
      </Button>
    </div>
  )
}
