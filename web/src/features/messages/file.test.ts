import { expect, test } from 'vitest'
import type { Message } from '~/api/types'
import { csv } from '~/lib/csv'
import { countsOf, rowsOf } from './file'

const message = (id: number, channel: Message['channel'], status: Message['status']): Message => ({
  id,
  customerId: id,
  name: 'রহিমা, ঢাকা',
  phone: '+8801712345678',
  channel,
  kind: 'reminder',
  text: 'চাল লাগবে কি?',
  status,
  updatedAt: '2026-11-21T04:30:00Z',
})

test('each channel counts its own', () => {
  const items = [
    message(1, 'sms', 'waiting'),
    message(2, 'sms', 'handed_over'),
    message(3, 'whatsapp', 'waiting'),
    message(4, 'sms', 'cancelled'),
  ]
  const { waiting, gone } = countsOf(items, 'sms')
  expect([waiting, gone.map((one) => one.id)]).toEqual([1, [2]])
})

test('the file opens in a spreadsheet and goes into a gateway', () => {
  const rows = rowsOf([message(1, 'sms', 'handed_over')], ['Name', 'Phone', 'Text'])
  expect(csv(rows)).toBe('\uFEFFName,Phone,Text\r\n"রহিমা, ঢাকা",8801712345678,চাল লাগবে কি?\r\n')
})
