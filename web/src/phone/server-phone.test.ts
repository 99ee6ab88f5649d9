import { beforeEach, expect, test, vi } from 'vitest'
import type { Call } from '~/api/types'
import { RINGS_AT_MOST_MS, ServerPhone } from './server-phone'

const call = (part: Partial<Call> = {}): Call => ({
  id: 1,
  direction: 'outbound',
  provider: 'simulator',
  mode: 'mock',
  customerPhone: '+8801712345678',
  agentUserId: 7,
  status: 'ringing',
  startedAt: '2026-11-21T04:30:00Z',
  muted: false,
  held: false,
  recording: false,
  consultAnswered: false,
  capabilities: {
    hangup: true,
    hold: true,
    mute: true,
    record: true,
    transfer: true,
    dtmf: true,
    consult: false,
    monitor: false,
    rejoin: false,
  },
  ...part,
})

function bus() {
  const listeners = new Map<string, (data: unknown) => void>()
  return {
    on: (type: string, listener: (data: never, at: string) => void) => {
      listeners.set(type, (data) => listener(data as never, ''))
      return () => listeners.delete(type)
    },
    say: (type: string, data: unknown) => listeners.get(type)?.(data),
  }
}

let events: ReturnType<typeof bus>
let phone: ServerPhone
let requests: [string, unknown][]
let answers: Record<string, () => unknown>

beforeEach(() => {
  events = bus()
  phone = new ServerPhone(events as never, 7)
  requests = []
  answers = {}
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      requests.push([url, init.body ? JSON.parse(init.body as string) : undefined])
      const body = await answers[url]?.()
      return new Response(JSON.stringify(body ?? {}), { status: body ? 200 : 404 })
    }),
  )
})

test('dialling shows the call the server made and follows its events', async () => {
  answers['/api/telephony/calls/initiate'] = () => ({ telephonyCallId: 1, mode: 'mock' })
  answers['/api/telephony/calls/1'] = () => call({ status: 'initiated' })
  const dialled = phone.dial({ taskId: 3, number: '01712345678' })
  expect(phone.get().dialing).toBe(true)
  await dialled
  expect(requests[0]).toEqual([
    '/api/telephony/calls/initiate',
    { taskId: 3, customerPhone: '01712345678' },
  ])
  events.say('call.updated', { call: call({ status: 'answered' }) })
  expect(phone.get().call?.status).toBe('answered')
  // An answer that was asked for before the customer took the call.
  phone.adopt(call({ status: 'ringing' }))
  expect(phone.get().call?.status).toBe('answered')
  events.say('call.updated', { call: call({ status: 'completed' }) })
  events.say('call.updated', { call: call({ status: 'ringing' }) })
  expect(phone.get().call?.status).toBe('completed')
})

test('mute is wanted at once and actual only when the server says so', async () => {
  phone.adopt(call({ status: 'answered' }))
  let release: (value: unknown) => void = () => {}
  answers['/api/telephony/calls/1/mute'] = () =>
    new Promise((done) => {
      release = done
    })
  const pressed = phone.set('muted', true)
  expect(phone.get().wanted.muted).toBe(true)
  expect(phone.get().call?.muted).toBe(false)
  await vi.waitFor(() => expect(requests).toHaveLength(1))
  release(call({ status: 'answered', muted: true }))
  await pressed
  expect(phone.get().wanted.muted).toBeUndefined()
  expect(phone.get().call?.muted).toBe(true)
})

test('a refused switch falls back to what is', async () => {
  phone.adopt(call({ status: 'answered' }))
  await expect(phone.set('held', true)).rejects.toMatchObject({ status: 404 })
  expect(phone.get().wanted.held).toBeUndefined()
  expect(phone.get().call?.held).toBe(false)
})

test('an incoming call rings beside the one that is open, and goes when it ends', () => {
  phone.adopt(call({ status: 'answered' }))
  const inbound = call({ id: 2, direction: 'inbound', status: 'ringing' })
  events.say('call.incoming', { call: inbound })
  expect(phone.get().incoming?.id).toBe(2)
  expect(phone.get().call?.id).toBe(1)
  events.say('call.updated', { call: { ...inbound, status: 'missed' } })
  expect(phone.get().incoming).toBeNull()
})

test('an incoming call whose end is never reported goes after a minute, until it is offered again', () => {
  vi.useFakeTimers()
  try {
    const inbound = call({ id: 2, direction: 'inbound', status: 'ringing' })
    events.say('call.incoming', { call: inbound })
    vi.advanceTimersByTime(RINGS_AT_MOST_MS - 1)
    events.say('call.updated', { call: inbound })
    expect(phone.get().incoming?.id).toBe(2)
    vi.advanceTimersByTime(1)
    expect(phone.get().incoming).toBeNull()
    events.say('call.updated', { call: inbound })
    expect(phone.get().incoming).toBeNull()
    events.say('call.incoming', { call: inbound })
    expect(phone.get().incoming?.id).toBe(2)
    events.say('call.updated', { call: { ...inbound, status: 'answered' } })
    expect(phone.get().call?.id).toBe(2)
  } finally {
    vi.useRealTimers()
  }
})

test('calls of colleagues do not take the phone', () => {
  events.say('call.updated', { call: call({ id: 9, agentUserId: 8 }) })
  expect(phone.get().call).toBeNull()
})
