import type bn from '../bn/palette'
import type { Strings } from '../shape'

export default {
  title: 'Quick search',
  label: 'Search customers, phones, orders, pages or actions',
  results: 'Results',
  pages: 'Pages',
  customers: 'Customers',
  orders: 'Orders',
  actions: 'Actions',
  searching: 'Searching…',
  nothing: 'Nothing found. Try a name, a phone number or an order number.',
  noHits: 'No customer or order matches.',
  keys: 'Choose with ↑ ↓, open with Enter.',
  newCustomer: 'Add a customer',
  newImport: 'Import a file',
  language: 'Show in Bangla',
} satisfies Strings<typeof bn>
