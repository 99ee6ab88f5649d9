import type bn from '../bn/followups'
import type { Strings } from '../shape'

export default {
  title: 'My follow-ups',
  lead: 'Those you promised to call, by time.',
  late: 'Late',
  today: 'Today',
  later: 'Ahead',
  empty: 'No follow-up is open.',
  emptyLead: 'Choose “Follow-up” with a time after a call, and it appears here.',
  when: 'When',
  customer: 'Customer',
  phone: 'Phone',
  notes: 'Last words',
  open: 'Open on the desk',
} satisfies Strings<typeof bn>
