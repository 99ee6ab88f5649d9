import type bn from '../bn/account'
import type { Strings } from '../shape'

export default {
  title: 'My account',
  name: 'Name',
  currentPassword: 'Current password',
  newPassword: 'New password',
  hint: 'At least {{n}} characters. Not a common password.',
  change: 'Change password',
  changed: 'The password was changed. All other logins have ended.',
  logins: 'Logins',
  loginsLead: 'Lost a phone, or logged in on somebody else’s computer? End all logins.',
  logoutEverywhere: 'Log out everywhere',
  logoutEverywhereLead: 'Ends every login on all devices, this one too. You then log in again.',
} satisfies Strings<typeof bn>
