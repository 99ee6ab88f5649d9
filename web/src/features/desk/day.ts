import type { Task } from '~/api/types'
import { time } from '~/lib/format'

/** Open promises of the day by hour, earliest first: how the rest of the shift fills up. */
export function promisesByHour(tasks: Task[]): { hour: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const task of tasks) {
    if (!task.promised || !task.dueAt || task.status !== 'pending') continue
    const hour = `${time(task.dueAt, 'en').slice(0, 2)}:00`
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([hour, count]) => ({ hour, count }))
}

/** The product recommended on most of the calls still to be made. */
export function productToPush(
  tasks: Task[],
): { nameBn: string; nameEn: string; count: number } | null {
  const counts = new Map<number, { nameBn: string; nameEn: string; count: number }>()
  for (const task of tasks) {
    if (task.status !== 'pending') continue
    for (const { productId, nameBn, nameEn } of task.recommendedProducts) {
      const known = counts.get(productId) ?? { nameBn, nameEn, count: 0 }
      counts.set(productId, { ...known, count: known.count + 1 })
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0] ?? null
}
