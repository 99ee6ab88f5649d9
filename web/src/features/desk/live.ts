import { useQueryClient } from '@tanstack/react-query'
import { changed } from '~/api/keys'
import type { Desk, Task, TodayTasks } from '~/api/types'
import { createStore } from '~/lib/store'
import { useLive } from '~/live/live'
import { isOpen } from '~/phone/phone'
import { callQuery, deskQuery, todayQuery } from './queries'

export interface Cancelled {
  task: Task | undefined
  reason: { code: string; params: Record<string, unknown> }
  at: number
}

/** Tasks that went away under the agent's hands, with the reason, until they have been seen. */
export const cancelled = createStore<Readonly<Record<number, Cancelled>>>({})

export function forgetCancelled(taskId: number): void {
  cancelled.set((all) => {
    const { [taskId]: _, ...rest } = all
    return rest
  })
}

const OPEN: Task['status'][] = ['pending', 'in_progress']

/** Keeps what is cached about the agent's own day in step with the server, on every page. */
export function useDeskLive(userId: number): void {
  const queries = useQueryClient()
  const patchToday = (change: (today: TodayTasks) => TodayTasks) =>
    queries.setQueryData<TodayTasks>(todayQuery().queryKey, (today) => today && change(today))

  useLive('agent.status', (agent) => {
    if (agent.userId !== userId) return
    queries.setQueryData<Desk>(deskQuery().queryKey, (desk) => desk && { ...desk, agent })
  })
  useLive('call.updated', ({ call }) => {
    queries.setQueryData(callQuery(call.id).queryKey, call)
    if (call.agentUserId === userId && !isOpen(call)) void changed.desk(queries)
  })
  useLive('wrapup.updated', (event) => {
    if (event.userId === userId) void changed.desk(queries)
  })
  useLive('queue.changed', (event) => {
    if (event.agentId === userId) void changed.queue(queries)
  })
  useLive('plan.generated', () => void changed.queue(queries))
  useLive('task.updated', ({ task }) => {
    const known = queries
      .getQueryData<TodayTasks>(todayQuery().queryKey)
      ?.items.some((item) => item.id === task.id)
    if (task.assignedTo === userId && known) {
      patchToday((today) => ({
        ...today,
        items: today.items.map((item) => (item.id === task.id ? task : item)),
      }))
    } else if (known || (task.assignedTo === userId && OPEN.includes(task.status))) {
      void changed.today(queries)
    }
    void changed.followUps(queries)
  })
  useLive('task.cancelled', ({ taskId, reason }) => {
    const task = queries
      .getQueryData<TodayTasks>(todayQuery().queryKey)
      ?.items.find((item) => item.id === taskId)
    cancelled.set((all) => ({ ...all, [taskId]: { task, reason, at: Date.now() } }))
    patchToday((today) => ({
      ...today,
      items: today.items.map((item) =>
        item.id === taskId ? { ...item, status: 'cancelled' } : item,
      ),
    }))
    void changed.queue(queries)
  })
}
