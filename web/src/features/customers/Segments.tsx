import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import type { Segment } from '~/api/types'
import { fieldError, formError } from '~/shared/fields'
import { Badge, Button, Checkbox, Dialog, EmptyState, Field, Input, QueryView, toast } from '~/ui'
import { type CustomerFilters, filtersFrom } from './filters'

const segmentsQuery = () =>
  queryOptions({
    queryKey: keys.segments,
    queryFn: ({ signal }) => api.get('/api/cdm/segments', {}, signal),
  })

/** What is sent of a filter: an agent's id as a word. */
function sent({ assignedTo, ...filters }: CustomerFilters) {
  return assignedTo === undefined ? filters : { ...filters, assignedTo: String(assignedTo) }
}

/** Filters kept under a name: the button and its dialog. */
export function Segments({
  filters,
  onFilters,
  leads,
}: {
  filters: CustomerFilters
  onFilters: (filters: CustomerFilters) => void
  leads: boolean
}) {
  const { t } = useTranslation('customers')
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t('segments.button')}</Button>
      {open && (
        <Dialog
          open
          onOpenChange={setOpen}
          title={t('segments.title')}
          description={t('segments.lead')}
        >
          <Kept
            onUse={(segment) => {
              onFilters(filtersFrom(segment.filter as Record<string, unknown>))
              setOpen(false)
            }}
          />
          <Keep filters={filters} leads={leads} />
        </Dialog>
      )}
    </>
  )
}

function Kept({ onUse }: { onUse: (segment: Segment) => void }) {
  const { t } = useTranslation(['customers', 'common'])
  const queries = useQueryClient()
  const segments = useQuery(segmentsQuery())
  const refetch = () => changed.segment(queries)
  // Deleting is undone by keeping it again.
  const restore = useMutation({
    mutationFn: ({ name, filter, shared }: Segment) =>
      api.post('/api/cdm/segments', { name, filter, shared }),
    onSuccess: refetch,
  })
  const [gone, setGone] = useState<Segment | null>(null)
  const remove = useMutation({
    mutationFn: (segment: Segment) => api.delete(`/api/cdm/segments/${segment.id}`),
    onSuccess: (_, segment) => {
      setGone(segment)
      return refetch()
    },
  })
  return (
    <>
      <QueryView query={segments}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title={t('segments.none')}>{t('segments.noneLead')}</EmptyState>
          ) : (
            <ul aria-label={t('segments.title')} className="divide-y divide-line">
              {items.map((segment) => (
                <li key={segment.id} className="flex items-center gap-2 py-1.5">
                  <button
                    type="button"
                    className="min-w-0 flex-1 truncate text-left font-medium text-accent hover:underline"
                    onClick={() => onUse(segment)}
                  >
                    {segment.name}
                  </button>
                  {!segment.own && <span className="text-xs text-muted">{segment.owner}</span>}
                  {segment.shared && <Badge>{t('segments.shared')}</Badge>}
                  {segment.own && (
                    <Button
                      size="sm"
                      variant="ghost"
                      aria-label={t('segments.deleteOne', { name: segment.name })}
                      busy={remove.isPending && remove.variables.id === segment.id}
                      onClick={() => remove.mutate(segment)}
                    >
                      {t('common:actions.delete')}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
      {gone && (
        <p role="status" className="mt-2 flex items-center gap-2 text-sm text-muted">
          {t('segments.deleted', { name: gone.name })}
          <Button
            size="sm"
            onClick={() => {
              restore.mutate(gone)
              setGone(null)
            }}
          >
            {t('segments.restore')}
          </Button>
        </p>
      )}
    </>
  )
}

/** Keeps the filter of the list. */
function Keep({ filters, leads }: { filters: CustomerFilters; leads: boolean }) {
  const { t } = useTranslation(['customers', 'common'])
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const keep = useMutation({
    meta: { quiet: true },
    mutationFn: () => api.post('/api/cdm/segments', { name, filter: sent(filters), shared }),
    onSuccess: (made) => {
      toast(t('segments.kept', { name: made.name }), 'ok')
      setName('')
      return changed.segment(queries)
    },
  })
  if (Object.keys(filters).length === 0) {
    return <p className="mt-3 text-sm text-muted">{t('segments.narrowFirst')}</p>
  }
  const general = formError(keep.error, ['name'])
  return (
    <form
      className="mt-3 flex flex-col gap-2 border-t border-line pt-3"
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        keep.mutate()
      }}
    >
      <Field label={t('segments.name')} error={fieldError(keep.error, 'name')}>
        {(control) => (
          <Input
            {...control}
            required
            maxLength={80}
            autoComplete="off"
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        )}
      </Field>
      {leads && (
        <Checkbox
          label={t('segments.share')}
          checked={shared}
          onChange={(e) => setShared(e.target.checked)}
        />
      )}
      {general && (
        <p role="alert" className="text-sm text-bad">
          {general}
        </p>
      )}
      <Button
        type="submit"
        variant="primary"
        className="self-start"
        disabled={!name.trim()}
        busy={keep.isPending}
      >
        {t('segments.keep')}
      </Button>
    </form>
  )
}
