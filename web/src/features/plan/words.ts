import type { TFunction } from 'i18next'
import type { PlanWords } from './sentence'

/** The words of the plan sentence in the language of `t`. */
export function planWords(t: TFunction<'plan'>): PlanWords {
  return {
    calls: (n, count) => t('calls', { n, count }),
    agents: (n, count) => t('agents', { n, count }),
    whole: (calls, agents, classes) => t('whole', { calls, agents, classes }),
    none: t('none'),
    className: (name, n, count) => t(`class.${name}`, { n, count }),
    leftOut: (n, reasons) => t('leftOut', { n, reasons }),
    reason: (reason, n) => t(`reason.${reason}`, { n }),
  }
}
