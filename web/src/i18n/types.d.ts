import 'i18next'
import type * as bn from './bn'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: typeof bn
  }
}
