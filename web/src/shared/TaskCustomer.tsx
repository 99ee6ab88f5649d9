import { Link } from '@tanstack/react-router'
import type { Task } from '~/api/types'
import { useFormat } from '~/i18n/i18n'

/** Whom a call is for: a link to the customer, or the number of one nobody knows. */
export function TaskCustomer({ task }: { task: Task }) {
  const format = useFormat()
  if (!task.customerId) return format.phone(task.phone)
  return (
    <Link
      to="/customers/$id"
      params={{ id: String(task.customerId) }}
      className="font-medium hover:underline"
    >
      {task.customerName ?? format.phone(task.phone)}
    </Link>
  )
}
