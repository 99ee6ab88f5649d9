import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import type { Page } from '~/api/types'
import { Button } from '~/ui'

type Query = Record<string, string | number | boolean | null | undefined>

/** A list that comes in pages: all rows so far, and whether there are more. */
export function usePages<T>(key: QueryKey, path: string, query: Query = {}) {
  const result = useInfiniteQuery({
    queryKey: [...key, query],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<T>>(path, { limit: 50, ...query, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    // The rows of the filter before stay until the new ones are there: no flicker while typing.
    placeholderData: (previous) => previous,
  })
  return { ...result, rows: result.data?.pages.flatMap((page) => page.items) ?? [] }
}

/** Below a list: fetch the next page, if there is one. */
export function MoreButton({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  const { t } = useTranslation()
  if (!query.hasNextPage) return null
  return (
    <div className="flex justify-center p-2">
      <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('actions.more')}
      </Button>
    </div>
  )
}
