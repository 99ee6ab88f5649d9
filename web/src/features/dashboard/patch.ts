import type { AgentStatus, Call, Dashboard, Task, TaskStatus } from '~/api/types'

/**
 * Events of the floor applied to the dashboard on screen. Each returns the same object when nothing on it
 * changes. Counts are corrected by the next fetch, so a guess about an unknown past is allowed here.
 */
type Agent = Dashboard['agents'][number]

function agentOf(
  dashboard: Dashboard,
  id: number | null | undefined,
  change: (agent: Agent) => Agent,
): Dashboard {
  if (id == null) return dashboard
  const index = dashboard.agents.findIndex((agent) => agent.agentId === id)
  const old = dashboard.agents[index]
  if (!old) return dashboard
  const next = change(old)
  if (next === old) return dashboard
  return { ...dashboard, agents: dashboard.agents.with(index, next) }
}

export function applyStatus(dashboard: Dashboard, status: AgentStatus): Dashboard {
  return agentOf(dashboard, status.userId, (agent) => ({
    ...agent,
    status: status.status,
    statusSince: status.since,
    ...(status.status === 'on_call' ? {} : { currentCall: null }),
  }))
}

const RUNNING: readonly Call['status'][] = ['initiated', 'ringing', 'answered']

export function applyCall(dashboard: Dashboard, call: Call): Dashboard {
  return agentOf(dashboard, call.agentUserId, (agent) => {
    if (RUNNING.includes(call.status) && !call.endedAt) {
      const currentCall = {
        callId: call.id,
        status: call.status,
        startedAt: call.answeredAt ?? call.startedAt,
        customerName: call.customerName ?? null,
      }
      return { ...agent, currentCall }
    }
    // The end of an older call says nothing about the one that runs now.
    return agent.currentCall?.callId === call.id ? { ...agent, currentCall: null } : agent
  })
}

const COUNT = {
  pending: 'pending',
  in_progress: 'inProgress',
  completed: 'completed',
  failed: 'failed',
} as const

function countOf(status: TaskStatus): keyof Agent['today'] | null {
  return status in COUNT ? COUNT[status as keyof typeof COUNT] : null
}

/** What a task was before, when it has not been seen: the usual way to where it is. */
function before(today: Agent['today'], now: TaskStatus): TaskStatus | null {
  if (now === 'in_progress') return today.pending > 0 ? 'pending' : null
  if (now === 'completed' || now === 'failed') {
    if (today.inProgress > 0) return 'in_progress'
    return today.pending > 0 ? 'pending' : null
  }
  if (now === 'cancelled' || now === 'expired') return today.pending > 0 ? 'pending' : null
  return null
}

/** `seen` remembers the status of each task between calls and is updated. */
export function applyTask(
  dashboard: Dashboard,
  task: Task,
  seen: Map<number, TaskStatus>,
): Dashboard {
  const known = seen.get(task.id)
  seen.set(task.id, task.status)
  if (known === task.status || task.taskDate !== dashboard.date) return dashboard
  return agentOf(dashboard, task.assignedTo, (agent) => {
    const today = { ...agent.today }
    const was = known ?? before(today, task.status)
    if (was === null) return agent
    const from = countOf(was)
    const to = countOf(task.status)
    if (from) today[from] = Math.max(0, today[from] - 1)
    if (to) today[to] += 1
    else if (from) today.total = Math.max(0, today.total - 1)
    if (task.status === 'completed' && task.outcome === 'ordered') today.ordered += 1
    return { ...agent, today }
  })
}
