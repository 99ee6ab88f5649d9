import type bn from '../bn/messages'
import type { Strings } from '../shape'

export default {
  title: 'Messages',
  lead: 'What is written to customers who are not called today, and to the most valuable ones after a call.',
  date: 'Date',
  customer: 'Customer',
  name: 'Name',
  phone: 'Phone',
  how: 'By',
  why: 'Why',
  text: 'Message',
  state: 'State',
  channel: { sms: 'SMS', whatsapp: 'WhatsApp' },
  status: {
    waiting: 'Waiting',
    handed_over: 'Handed over',
    cancelled: 'Not needed any more',
    expired: 'Its day passed',
  },
  counts: '{{waiting}} waiting, {{gone}} handed over',
  handOver: { sms: 'Take the SMS to send', whatsapp: 'Take the WhatsApp messages to send' },
  again: { sms: 'SMS file again', whatsapp: 'WhatsApp file again' },
  sure: '{{channel}}: take {{n}} messages to send?',
  sureLead:
    'You get a file of names, numbers and texts; sending them is up to you. From now on these customers count as contacted. Whoever has ordered meanwhile or does not want contact is left out.',
  sureDo: 'Take the file',
  done_one: 'The file has {{n}} message.',
  done_other: 'The file has {{n}} messages.',
  more: '{{shown}} of {{n}} are shown; the file has all.',
  empty: 'There are no messages for {{date}}.',
  emptyLead:
    'When a plan is made, customers whom nobody has room to call, or who had better be written to, appear here. How many a day is one of the plan’s rules.',
} satisfies Strings<typeof bn>
