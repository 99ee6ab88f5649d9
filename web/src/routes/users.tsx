import { getRouteApi } from '@tanstack/react-router'
import { UsersPage } from '~/features/users/UsersPage'

const route = getRouteApi('/app/users')

export function Users() {
  const navigate = route.useNavigate()
  return (
    <UsersPage
      filters={route.useSearch()}
      onFilters={(search) => void navigate({ search, replace: true })}
    />
  )
}
