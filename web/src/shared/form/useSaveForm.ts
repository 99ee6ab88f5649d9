import { useMutation } from '@tanstack/react-query'
import type { BaseSyntheticEvent } from 'react'
import {
  type DefaultValues,
  type FieldValues,
  type Path,
  type UseFormReturn,
  useForm,
} from 'react-hook-form'
import { ApiError } from '~/api/error'
import { fieldError, formError } from '../fields'

export interface SaveForm<V extends FieldValues> {
  fields: UseFormReturn<V>
  submit: (event?: BaseSyntheticEvent) => void
  busy: boolean
  /** What the server refused that belongs to no field. */
  problem: string | undefined
}

/**
 * A form that is checked here, sent, and shows what the server refuses beside the field. The server's names of
 * fields are the keys of the values, or are translated by `fieldOf`.
 */
export function useSaveForm<V extends FieldValues, Saved>({
  values,
  save,
  onSaved,
  fieldOf = (name) => name,
}: {
  /** At the beginning. */
  values: V
  save: (values: V) => Promise<Saved>
  onSaved: (saved: Saved) => unknown
  fieldOf?: (serverName: string) => string
}): SaveForm<V> {
  const fields = useForm<V>({
    defaultValues: values as DefaultValues<V>,
    // The first complaint comes when a field is left, not while it is typed.
    mode: 'onTouched',
  })
  const mutation = useMutation({
    meta: { quiet: true },
    mutationFn: save,
    onSuccess: onSaved,
    onError: (error) => {
      for (const name of refused(error)) {
        const field = fieldOf(name)
        if (!(field in values)) continue
        const message = fieldError(error, name) ?? ''
        fields.setError(field as Path<V>, { type: 'server', message }, { shouldFocus: true })
      }
    },
  })
  const known = refused(mutation.error).filter((name) => fieldOf(name) in values)
  return {
    fields,
    submit: (event) => {
      // What the server refused once is asked again, also for controls that have no check of their own.
      fields.clearErrors()
      void fields.handleSubmit((sent) => mutation.mutate(sent))(event)
    },
    busy: mutation.isPending,
    problem: formError(mutation.error, known),
  }
}

/** The fields the server refused. */
function refused(error: unknown): string[] {
  if (!(error instanceof ApiError)) return []
  return [...new Set([...error.errors.map((e) => e.field), ...(error.field ? [error.field] : [])])]
}
