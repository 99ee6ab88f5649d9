import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import { usersQuery } from '~/api/queries'
import type { Task } from '~/api/types'
import { errorText, useFormat } from '~/i18n/i18n'
import { TaskCustomer } from '~/shared/TaskCustomer'
import {
  Badge,
  Button,
  type Column,
  Dialog,
  EmptyState,
  QueryView,
  Select,
  Table,
  toast,
} from '~/ui'
import type { FloorAgent } from './need'

/** An agent's day: what is done and left, and moving open calls to someone else. */
export function AgentWork({ agent, onClose }: { agent: FloorAgent; onClose: () => void }) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [target, setTarget] = useState('')
  const tasks = useQuery({
    queryKey: keys.tasksOf(agent.agentId),
    queryFn: ({ signal }) =>
      api.get('/api/crm/automation/tasks/today', { agentId: agent.agentId }, signal),
  })
  const users = useQuery(usersQuery('agent'))
  const others = users.data?.items.filter((u) => u.active && u.id !== agent.agentId) ?? []
  const move = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      let moved = 0
      const failures: unknown[] = []
      for (const id of chosen) {
        try {
          await api.put(`/api/crm/automation/tasks/${id}/assign`, { agentId: Number(target) })
          moved += 1
        } catch (error) {
          failures.push(error)
        }
      }
      return { moved, failures }
    },
    onSuccess: ({ moved, failures }) => {
      setChosen(new Set())
      const name = others.find((u) => u.id === Number(target))?.name ?? ''
      if (moved) toast(t('moved', { n: format.number(moved), count: moved, name }), 'ok')
      if (failures[0]) toast(errorText(failures[0]), 'bad')
      return changed.task(queries, undefined)
    },
  })
  const movable = (task: Task) => task.status === 'pending'
  const toggle = (ids: number[], on: boolean) =>
    setChosen((old) => {
      const next = new Set(old)
      for (const id of ids) on ? next.add(id) : next.delete(id)
      return next
    })

  const columns = (items: Task[]): Column<Task>[] => {
    const open = items.filter(movable).map((task) => task.id)
    return [
      {
        key: 'pick',
        className: 'w-8',
        header: (
          <input
            type="checkbox"
            className="size-4 align-middle accent-accent"
            aria-label={t('pickAll')}
            disabled={open.length === 0}
            checked={open.length > 0 && open.every((id) => chosen.has(id))}
            onChange={(e) => toggle(open, e.target.checked)}
          />
        ),
        cell: (task) => (
          <input
            type="checkbox"
            className="size-4 align-middle accent-accent"
            aria-label={t('pick', { name: task.customerName ?? task.phone })}
            disabled={!movable(task)}
            checked={chosen.has(task.id)}
            onChange={(e) => toggle([task.id], e.target.checked)}
          />
        ),
      },
      {
        key: 'customer',
        header: t('column.customer'),
        cell: (task) => <TaskCustomer task={task} />,
      },
      {
        key: 'why',
        header: t('column.why'),
        cell: (task) => (
          <span className="text-muted">
            {task.talkingPoints[0]
              ? format.text(task.talkingPoints[0].text)
              : t(`common:taskKind.${task.kind}`)}
          </span>
        ),
      },
      {
        key: 'due',
        header: t('column.due'),
        cell: (task) => (task.dueAt ? format.dateTime(task.dueAt) : '–'),
      },
      {
        key: 'status',
        header: t('column.state'),
        cell: (task) => (
          <span className="inline-flex items-center gap-1">
            <Badge tone={task.status === 'completed' ? 'ok' : 'plain'}>
              {t(`common:taskStatus.${task.status}`)}
            </Badge>
            {task.outcome && (
              <span className="text-xs text-muted">{t(`common:outcome.${task.outcome}`)}</span>
            )}
          </span>
        ),
      },
    ]
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="xl"
      title={agent.name}
      description={t('workLead', {
        done: format.number(agent.today.completed + agent.today.failed),
        total: format.number(agent.today.total),
      })}
      footer={
        <>
          <span className="flex-1 self-center text-sm text-muted" aria-live="polite">
            {chosen.size > 0 ? t('chosen', { n: format.number(chosen.size) }) : t('moveHint')}
          </span>
          <Select
            className="w-52"
            aria-label={t('moveTo')}
            value={target}
            onChange={(e) => setTarget(e.target.value)}
          >
            <option value="">{t('moveTo')}</option>
            {others.map((user) => (
              <option key={user.id} value={user.id}>
                {user.teamCode ? `${user.name} · ${user.teamCode}` : user.name}
              </option>
            ))}
          </Select>
          <Button
            variant="primary"
            disabled={chosen.size === 0 || !target}
            busy={move.isPending}
            onClick={() => move.mutate()}
          >
            {t('move')}
          </Button>
        </>
      }
    >
      <QueryView query={tasks}>
        {({ items }) => (
          <Table
            caption={t('workOf', { name: agent.name })}
            columns={columns(items)}
            rows={items}
            rowKey={(task) => task.id}
            empty={<EmptyState title={t('noWork')}>{t('noWorkLead')}</EmptyState>}
          />
        )}
      </QueryView>
    </Dialog>
  )
}
