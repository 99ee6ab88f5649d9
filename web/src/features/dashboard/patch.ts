import type { AgentStatus, Call, Dashboard } from '~/api/types'

/**
 * Events of the floor applied to the dashboard on screen. Each returns the same object when nothing on it
 * changes. Only what an event says in full is applied; figures are counted by the server alone.
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
