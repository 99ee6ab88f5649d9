import { useTranslation } from 'react-i18next'

/** What is wrong with a text, in words; undefined when nothing is. */
export type Check = (text: string) => string | undefined

/** For `validate` of a field: the first check that complains. */
export const all =
  (...checks: Check[]) =>
  (value: unknown): true | string => {
    for (const check of checks) {
      const problem = check(String(value ?? ''))
      if (problem) return problem
    }
    return true
  }

/** The checks that several forms use, worded in the language on screen. */
export function useChecks() {
  const { t } = useTranslation()
  return {
    required: ((text) => (text.trim() ? undefined : t('errors.required'))) satisfies Check,
    /** Empty is allowed. */
    email: ((text) =>
      !text.trim() || /^[^\s@]+@[^\s@]+$/.test(text.trim())
        ? undefined
        : t('errors.invalid_email')) satisfies Check,
    atMost:
      (length: number): Check =>
      (text) =>
        text.trim().length > length ? t('errors.too_long') : undefined,
  }
}
