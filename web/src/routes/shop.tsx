import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { CallsPage } from '~/features/calls/CallsPage'
import { CustomerPage } from '~/features/customers/CustomerPage'
import { CustomersPage } from '~/features/customers/CustomersPage'
import { OrderPage } from '~/features/orders/OrderPage'
import { OrdersPage } from '~/features/orders/OrdersPage'

// Pages whose filters live in the address: this is where the address meets the page.

const customers = getRouteApi('/app/customers')

export function Customers() {
  const navigate = customers.useNavigate()
  return (
    <CustomersPage
      filters={customers.useSearch()}
      onFilters={(filters) => void navigate({ search: filters, replace: true })}
      onOpen={(id) => void navigate({ to: '/customers/$id', params: { id: String(id) } })}
    />
  )
}

/** The list with the form of a new customer over it. */
export function NewCustomer() {
  const navigate = useNavigate()
  return (
    <CustomersPage
      create
      filters={{}}
      onFilters={(search) => void navigate({ to: '/customers', search, replace: true })}
      onOpen={(id) => void navigate({ to: '/customers/$id', params: { id: String(id) } })}
    />
  )
}

const customer = getRouteApi('/app/customers/$id')

export function Customer() {
  const { id } = customer.useParams()
  return <CustomerPage key={id} id={Number(id)} />
}

const orders = getRouteApi('/app/orders')

export function Orders() {
  const navigate = orders.useNavigate()
  return (
    <OrdersPage
      filters={orders.useSearch()}
      onFilters={(filters) => void navigate({ search: filters, replace: true })}
      onOpen={(id) => void navigate({ to: '/orders/$id', params: { id: String(id) } })}
    />
  )
}

const order = getRouteApi('/app/orders/$id')

export function OneOrder() {
  const { id } = order.useParams()
  return <OrderPage key={id} id={Number(id)} />
}

const calls = getRouteApi('/app/calls')

export function Calls() {
  const navigate = calls.useNavigate()
  return (
    <CallsPage
      filters={calls.useSearch()}
      onFilters={(filters) => void navigate({ search: filters, replace: true })}
    />
  )
}
