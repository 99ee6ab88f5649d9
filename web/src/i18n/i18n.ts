import i18next from 'i18next'
import { useMemo } from 'react'
import { initReactI18next, useTranslation } from 'react-i18next'
import { ApiError } from '~/api/error'
import * as format from '~/lib/format'
import { storage } from '~/lib/storage'

export type Language = format.Language

const load = { bn: () => import('./bn'), en: () => import('./en') }

export function savedLanguage(): Language {
  return storage.get('language') === 'en' ? 'en' : 'bn'
}

/** Loads the texts of a language, one chunk each, unless they are there. */
export async function loadLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'common')) {
    for (const [feature, texts] of Object.entries(await load[language]())) {
      i18next.addResourceBundle(language, feature, texts)
    }
  }
}

/** Loads the texts of the language and shows them. */
export async function setLanguage(language: Language): Promise<void> {
  await loadLanguage(language)
  storage.set('language', language)
  document.documentElement.lang = language
  await i18next.changeLanguage(language)
}

export async function startI18n(language: Language = savedLanguage()): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    defaultNS: 'common',
    ns: [],
    resources: {},
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  })
  await setLanguage(language)
}

export function useLanguage(): Language {
  const { i18n } = useTranslation()
  return i18n.language === 'en' ? 'en' : 'bn'
}

/** Every formatter of lib/format, bound to the language on screen. */
export function useFormat() {
  const language = useLanguage()
  return useMemo(
    () => ({
      language,
      digits: (v: string | number) => format.digits(v, language),
      number: (v: number) => format.number(v, language),
      money: (v: number) => format.money(v, language),
      percent: (v: number) => format.percent(v, language),
      phone: (v: string) => format.phone(v, language),
      clock: (s: number) => format.clock(s, language),
      duration: (s: number) => format.duration(s, language),
      daysAgo: (v: string) => format.daysAgo(v, language),
      date: (v: string) => format.date(v, language),
      day: (v: string) => format.day(v, language),
      time: (v: string | Date) => format.time(v, language),
      dateTime: (v: string) => format.dateTime(v, language),
      quantity: (v: number, unit: string) => format.quantity(v, unit, language),
      /** Of a thing with a name in both languages. */
      name: (v: { nameBn: string; nameEn: string }) => (language === 'bn' ? v.nameBn : v.nameEn),
      text: (v: { bn: string; en: string } | string) => (typeof v === 'string' ? v : v[language]),
    }),
    [language],
  )
}

export type Format = ReturnType<typeof useFormat>

/** An error in the words of the language, or in the server's when its code is not known here. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return i18next.t('common:errors.unexpected_answer')
  const key = `common:errors.${error.code}`
  return i18next.exists(key) ? i18next.t(key as 'common:errors.forbidden') : error.detail
}
