import type bn from '../bn/users'
import type { Strings } from '../shape'

export default {
  title: 'Users',
  lead: 'Who can log in, and what they see.',
  name: 'Name',
  login: 'Login',
  role: 'Role',
  team: 'Team',
  extension: 'Extension',
  capacity: 'Calls a day',
  phone: 'Phone',
  password: 'Password',
  passwordHint: 'At least 8 characters',
  status: 'Status',
  filter: 'Search by name or login',
  allRoles: 'All roles',
  create: 'New user',
  created: '{{name}} was added.',
  deactivate: 'Deactivate',
  activate: 'Activate',
  deactivateTitle: 'Deactivate {{name}}?',
  deactivateLead: 'They can no longer log in. The history of their work stays.',
  empty: 'Nobody matches.',
} satisfies Strings<typeof bn>
