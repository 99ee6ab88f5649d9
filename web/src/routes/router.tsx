import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import type { Role } from '~/api/types'
import { auth } from '~/auth/session'
import { callFiltersFrom } from '~/features/calls/filters'
import { filtersFrom } from '~/features/customers/filters'
import { orderFiltersFrom } from '~/features/orders/filters'
import { productFiltersFrom } from '~/features/products/filters'
import { userFiltersFrom } from '~/features/users/filters'
import { parseSearch, stringifySearch } from '~/lib/search'
import { CrashPage, NotFoundPage } from './messages'
import { homeOf, LEADERS, MANAGERS } from './nav'
import { Shell } from './Shell'

// Every screen of the app. Each is its own chunk, loaded when it is opened.

function signedIn() {
  const { user } = auth.get()
  if (!user) throw redirect({ to: '/login' })
  return user
}

/** For `beforeLoad`: other roles are sent to their own start page. The server decides for itself. */
const only = (roles: readonly Role[]) => () => {
  const { role } = signedIn()
  if (!roles.includes(role)) throw redirect({ to: homeOf(role) })
}

/** A day in the address; anything else is left out, by name: what a route does not name stays as it was typed. */
function dateOf(search: Record<string, unknown>): { date?: string | undefined } {
  const date = String(search.date ?? '')
  return { date: /^\d{4}-\d{2}-\d{2}$/.test(date) ? date : undefined }
}

const root = createRootRoute({ notFoundComponent: NotFoundPage, errorComponent: CrashPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  beforeLoad: () => {
    const { user } = auth.get()
    if (user) throw redirect({ to: homeOf(user.role) })
  },
  component: lazyRouteComponent(() => import('~/features/account/LoginPage'), 'LoginPage'),
})

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  beforeLoad: () => void signedIn(),
  component: Shell,
  errorComponent: CrashPage,
})

const start = createRoute({
  getParentRoute: () => app,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: homeOf(signedIn().role) })
  },
})

const account = createRoute({
  getParentRoute: () => app,
  path: '/account',
  component: lazyRouteComponent(() => import('~/features/account/AccountPage'), 'AccountPage'),
})

const floor = createRoute({
  getParentRoute: () => app,
  path: '/floor',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('./leader'), 'Floor'),
})

const plan = createRoute({
  getParentRoute: () => app,
  path: '/plan',
  beforeLoad: only(LEADERS),
  validateSearch: dateOf,
  component: lazyRouteComponent(() => import('./leader'), 'Plan'),
})

const desk = createRoute({
  getParentRoute: () => app,
  path: '/desk',
  staticData: { fullWidth: true },
  beforeLoad: only(['agent']),
  /** `task`: one to be opened at once, from the follow-ups. */
  validateSearch: (search: Record<string, unknown>): { task?: number } =>
    Number(search.task) > 0 ? { task: Number(search.task) } : {},
  component: lazyRouteComponent(() => import('~/features/desk/DeskPage'), 'DeskPage'),
})

const followups = createRoute({
  getParentRoute: () => app,
  path: '/followups',
  beforeLoad: only(['agent']),
  component: lazyRouteComponent(
    () => import('~/features/followups/FollowUpsPage'),
    'FollowUpsPage',
  ),
})

const promises = createRoute({
  getParentRoute: () => app,
  path: '/promises',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('~/features/followups/PromisesPage'), 'PromisesPage'),
})

const messages = createRoute({
  getParentRoute: () => app,
  path: '/messages',
  validateSearch: dateOf,
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('./leader'), 'Messages'),
})

const customers = createRoute({
  getParentRoute: () => app,
  path: '/customers',
  validateSearch: filtersFrom,
  component: lazyRouteComponent(() => import('./shop'), 'Customers'),
})

const newCustomer = createRoute({
  getParentRoute: () => app,
  path: '/customers/new',
  beforeLoad: only(['agent', 'support', ...LEADERS]),
  component: lazyRouteComponent(() => import('./shop'), 'NewCustomer'),
})

const customer = createRoute({
  getParentRoute: () => app,
  path: '/customers/$id',
  component: lazyRouteComponent(() => import('./shop'), 'Customer'),
})

const orders = createRoute({
  getParentRoute: () => app,
  path: '/orders',
  validateSearch: orderFiltersFrom,
  component: lazyRouteComponent(() => import('./shop'), 'Orders'),
})

const order = createRoute({
  getParentRoute: () => app,
  path: '/orders/$id',
  component: lazyRouteComponent(() => import('./shop'), 'OneOrder'),
})

const calls = createRoute({
  getParentRoute: () => app,
  path: '/calls',
  beforeLoad: only([...LEADERS, 'agent', 'support']),
  validateSearch: callFiltersFrom,
  component: lazyRouteComponent(() => import('./shop'), 'Calls'),
})

const products = createRoute({
  getParentRoute: () => app,
  path: '/products',
  validateSearch: productFiltersFrom,
  component: lazyRouteComponent(() => import('./products'), 'Products'),
})

const imports = createRoute({
  getParentRoute: () => app,
  path: '/imports',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('./imports'), 'Imports'),
})

const newImport = createRoute({
  getParentRoute: () => app,
  path: '/imports/new',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('./imports'), 'NewImport'),
})

const oneImport = createRoute({
  getParentRoute: () => app,
  path: '/imports/$id',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('./imports'), 'OneImport'),
})

const teams = createRoute({
  getParentRoute: () => app,
  path: '/teams',
  beforeLoad: only(LEADERS),
  component: lazyRouteComponent(() => import('~/features/teams/TeamsPage'), 'TeamsPage'),
})

const users = createRoute({
  getParentRoute: () => app,
  path: '/users',
  beforeLoad: only(MANAGERS),
  validateSearch: userFiltersFrom,
  component: lazyRouteComponent(() => import('./users'), 'Users'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    app.addChildren([
      start,
      account,
      desk,
      followups,
      promises,
      messages,
      floor,
      plan,
      customers,
      newCustomer,
      customer,
      orders,
      order,
      calls,
      products,
      imports,
      newImport,
      oneImport,
      teams,
      users,
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  defaultErrorComponent: CrashPage,
  defaultNotFoundComponent: NotFoundPage,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
  interface StaticDataRouteOption {
    /** The page needs the whole width: the menu opens over it instead of standing beside it. */
    fullWidth?: boolean
  }
}
