import { expect, test } from 'vitest'
import type { Customer } from '~/api/types'
import { changes } from './CustomerForm'
import { callBody } from './PlanCallDialog'
import { addressOf } from './Profile'

const customer = {
  id: 1,
  name: 'রহিমা',
  phone: '+8801712345678',
  phones: [],
  tags: ['rice'],
  language: 'bn',
  consent: { call: true, sms: true, whatsapp: false, email: false },
  email: 'r@example.org',
} as unknown as Customer

const values = (part: object) => ({
  name: 'রহিমা',
  phone: '+8801712345678',
  email: 'r@example.org',
  district: '',
  city: '',
  address: '',
  birthday: '',
  anniversary: '',
  phones: '',
  greeting: '' as const,
  salutation: '' as const,
  language: 'bn' as const,
  tags: 'rice',
  notes: '',
  consent: customer.consent,
  ...part,
})

test('only what was changed is sent; an emptied field is cleared', () => {
  expect(changes(values({}), customer)).toEqual({})
  expect(changes(values({ email: '', tags: 'rice, oil،', district: 'ঢাকা' }), customer)).toEqual({
    email: null,
    tags: ['rice', 'oil'],
    district: 'ঢাকা',
  })
  expect(changes(values({ greeting: 'didi', salutation: 'adab' }), customer)).toEqual({
    greeting: 'didi',
    salutation: 'adab',
  })
})

test('Bangla digits of a phone become Latin ones; a new customer leaves empty fields out', () => {
  const body = changes(values({ phone: '০১৭১২৩৪৫৬৭৯', phones: '০১৮১২৩৪৫৬৭৮' }))
  expect(body).toMatchObject({ phone: '01712345679', phones: ['01812345678'] })
  expect(body).not.toHaveProperty('birthday')
})

test('an address says each place once', () => {
  expect(addressOf({ address: 'বাড়ি ৭, মিরপুর, ঢাকা', city: 'মিরপুর', district: 'ঢাকা' })).toBe(
    'বাড়ি ৭, মিরপুর, ঢাকা',
  )
  expect(addressOf({ address: null, city: 'A', district: 'B' })).toBe('A, B')
})

test('a call has a day, and with an hour of Dhaka it is a promise', () => {
  expect(callBody('2026-11-22', '', ' ')).toEqual({ taskDate: '2026-11-22' })
  expect(callBody('2026-11-22', '10:30', 'rice')).toEqual({
    taskDate: '2026-11-22',
    dueAt: '2026-11-22T04:30:00.000Z',
    notes: 'rice',
  })
})
