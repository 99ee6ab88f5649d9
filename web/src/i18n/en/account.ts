import type bn from '../bn/account'
import type { Strings } from '../shape'

export default {
  title: 'My account',
  name: 'Name',
  currentPassword: 'Current password',
  newPassword: 'New password',
  hint: 'At least 8 characters',
  change: 'Change password',
  changed: 'The password was changed.',
} satisfies Strings<typeof bn>
