import { expect, test } from 'vitest'
import type { PlanSettings } from '~/api/types'
import { formOf, rulesOf, unreadable } from './rules'

const rules: PlanSettings = {
  quotas: { perAgentLimit: 200, reminder: 120, offer: 50, followup: 30 },
  spill: true,
  minDaysBetweenContacts: 3,
  reminderWindowDays: 14,
  carryDays: 3,
  holdOutPercent: 5,
  mostAttempts: 3,
  mostMessages: 500,
  promiseGraceMinutes: 30,
  callingHours: {
    hours: { from: '09:00', until: '21:00' },
    fridayPause: { from: '12:30', until: '14:30' },
    ramadan: null,
  },
}
const form = () => formOf(rules, String)

test('a form that nobody touched says what it was made from', () => {
  expect(unreadable(form())).toEqual([])
  expect(rulesOf(form())).toEqual(rules)
})

test('Bangla digits are numbers, and empty pauses are none', () => {
  const typed = form()
  typed.numbers.holdOutPercent = '১০'
  typed.fridayPause = ['', '']
  expect(unreadable(typed)).toEqual([])
  expect(rulesOf(typed)).toMatchObject({
    holdOutPercent: 10,
    callingHours: { fridayPause: null },
  })
})

test('half a span, a word for a number and a month without hours cannot be sent', () => {
  const typed = form()
  typed.numbers.carryDays = 'three'
  typed.fridayPause = ['12:30', '']
  typed.ramadanDays = ['2027-02-08', '2027-03-09']
  expect(unreadable(typed)).toEqual([
    'carryDays',
    'callingHours.fridayPause',
    'callingHours.ramadan.hours',
  ])
  typed.numbers.carryDays = '3'
  typed.fridayPause = ['12:30', '14:30']
  typed.ramadanHours = ['10:00', '22:00']
  expect(unreadable(typed)).toEqual([])
  expect(rulesOf(typed).callingHours.ramadan).toEqual({
    firstDay: '2027-02-08',
    lastDay: '2027-03-09',
    hours: { from: '10:00', until: '22:00' },
    pause: null,
  })
})

test('a number outside what is allowed cannot be sent, a quota no more than the calls of an agent', () => {
  const typed = form()
  typed.numbers['quotas.perAgentLimit'] = '100'
  typed.numbers['quotas.offer'] = '101'
  typed.numbers.holdOutPercent = '51'
  expect(unreadable(typed)).toEqual(['quotas.reminder', 'quotas.offer', 'holdOutPercent'])
})
