import { ApiError } from '~/api/error'
import { errorText } from '~/i18n/i18n'

/** What the server says is wrong with one field of a form, in words; undefined when it says nothing. */
export function fieldError(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined
  const inner = error.errors.find((e) => e.field === field)
  if (inner) return errorText(new ApiError({ ...inner, status: error.status }))
  return error.field === field ? errorText(error) : undefined
}

/** An error that belongs to none of these fields: shown above or below the form. */
export function formError(error: unknown, fields: readonly string[]): string | undefined {
  if (!error) return undefined
  if (error instanceof ApiError) {
    if (error.field && fields.includes(error.field)) return undefined
    if (error.errors.length && error.errors.every((e) => fields.includes(e.field))) return undefined
  }
  return errorText(error)
}
