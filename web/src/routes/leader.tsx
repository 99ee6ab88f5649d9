import { getRouteApi } from '@tanstack/react-router'
import { FloorPage } from '~/features/dashboard/FloorPage'
import { MessagesPage } from '~/features/messages/MessagesPage'
import { GenerateCalls } from '~/features/plan/GenerateCalls'
import { PlanPage } from '~/features/plan/PlanPage'

// The team leader's pages, put together from features that do not know each other.

export function Floor() {
  return <FloorPage actions={<GenerateCalls />} />
}

const planRoute = getRouteApi('/app/plan')

export function Plan() {
  const { date } = planRoute.useSearch()
  const navigate = planRoute.useNavigate()
  return (
    <PlanPage
      date={date}
      onDate={(next) => void navigate({ search: next ? { date: next } : {}, replace: true })}
    />
  )
}

const messagesRoute = getRouteApi('/app/messages')

export function Messages() {
  const { date } = messagesRoute.useSearch()
  const navigate = messagesRoute.useNavigate()
  return (
    <MessagesPage
      date={date}
      onDate={(next) => void navigate({ search: next ? { date: next } : {}, replace: true })}
    />
  )
}
