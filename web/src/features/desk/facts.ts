import type { TFunction } from 'i18next'
import type {
  CallStatus,
  Customer360,
  Cycle,
  Interaction,
  OrderStatus,
  Outcome,
  SubReason,
  Task,
} from '~/api/types'
import type { Format } from '~/i18n/i18n'

/** The cycles this call is about: the one it reminds of, else those that are due. */
export function dueCycles(task: Pick<Task, 'reason' | 'kind'>, view: Customer360): Cycle[] {
  const slug = task.kind === 'reminder' ? task.reason.split(':')[1] : undefined
  const due = new Set(
    view.alerts
      .filter((alert) => alert.code === 'reorder_due')
      .map((alert) => String(alert.params.categorySlug)),
  )
  const own = view.cycles.filter((cycle) => cycle.categorySlug === slug)
  const others = view.cycles.filter((c) => c.categorySlug !== slug && due.has(c.categorySlug))
  return [...own, ...others]
}

/** One line about one contact: what came of a call, the order and its sum, the words of a note. */
export function contactLine(
  item: Interaction,
  format: Format,
  t: TFunction<['common', 'desk']>,
): string {
  const data = (item.data ?? {}) as Record<string, unknown>
  const parts: string[] = []
  if (item.kind === 'call' && typeof data.status === 'string') {
    parts.push(t(`callStatus.${data.status as CallStatus}`))
    if (typeof data.durationSeconds === 'number' && data.durationSeconds > 0) {
      parts.push(format.duration(data.durationSeconds))
    }
  }
  if (item.kind === 'order') {
    if (data.orderNo) parts.push(format.digits(String(data.orderNo)))
    if (typeof data.total === 'number') parts.push(format.money(data.total))
    if (data.status === 'cancelled' || data.status === 'returned') {
      parts.push(t(`orderStatus.${data.status as OrderStatus}`))
    }
  }
  if (item.kind === 'task') {
    if (data.outcome) parts.push(t(`outcome.${data.outcome as Outcome}`))
    if (data.subReason) parts.push(t(`subReason.${data.subReason as SubReason}`))
  }
  if (item.text) parts.push(item.text)
  return parts.join(' · ')
}
