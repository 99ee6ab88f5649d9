import { getRouteApi } from '@tanstack/react-router'
import { ProductsPage } from '~/features/products/ProductsPage'

const route = getRouteApi('/app/products')

export function Products() {
  const navigate = route.useNavigate()
  return (
    <ProductsPage
      filters={route.useSearch()}
      onFilters={(search) => void navigate({ search, replace: true })}
    />
  )
}
