import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { useKey } from '~/lib/keys'
import { Button } from '~/ui'
import type { DeskModel } from './useDesk'

/** Wrap-ups the agent left for another customer: one click, or a key for the first, goes back. */
export function Unfinished({ model }: { model: DeskModel }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const first = model.unfinished[0]
  const key = useKey(
    {
      id: 'desk.unfinished',
      key: 'Z',
      label: t('outcome.back'),
      group: t('keys.outcome'),
      enabled: first !== undefined,
    },
    () => first && model.select(first.taskId),
  )
  if (!first) return null
  return (
    <div className="flex flex-wrap items-center justify-center gap-1.5 text-xs text-wait">
      {t('outcome.unfinished')}
      {model.unfinished.map(({ taskId, task }) => (
        <Button
          key={taskId}
          size="sm"
          {...(taskId === first.taskId ? { k: key } : {})}
          onClick={() => model.select(taskId)}
        >
          <span className="max-w-32 truncate">{task.customerName ?? format.phone(task.phone)}</span>
        </Button>
      ))}
    </div>
  )
}
