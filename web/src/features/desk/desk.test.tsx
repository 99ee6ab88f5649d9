import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { act, render, screen, waitFor, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Call, CallStatus, Desk, Me, Task, WrapUp } from '~/api/types'
import { signIn } from '~/auth/session'
import { startI18n } from '~/i18n/i18n'
import { live } from '~/live/live'
import { currentPhone } from '~/phone/current'
import { DeskScreen } from './DeskPage'
import { cancelled, useDeskLive } from './live'
import { drafts, setPowerDial } from './useDesk'

const ME = 7
const at = '2026-11-21T04:30:00Z'

let callIds = 0

/** A server small enough to read: tasks, one call at a time, wrap-ups that remember. */
class FakeServer {
  tasks: Task[] = [1, 2, 3].map((id) => ({
    id,
    phone: `+880171234567${id}`,
    customerName: `Customer ${id}`,
    taskDate: '2026-11-21',
    kind: 'reminder',
    quotaClass: 'reminder',
    reason: 'rice',
    talkingPoints: [],
    priority: 1,
    temperature: 'hot',
    recommendedProducts: [],
    scriptKey: 'regular',
    assignedTo: ME,
    status: 'pending',
    attempts: 0,
    promised: false,
    origin: 'plan',
    createdAt: at,
    callIds: [],
  }))
  wrapUps: WrapUp[] = []
  call: Call | null = null
  /** The desk's active one is the wrap-up that waits longest, as on the server. */
  oldestFirst = false
  powerDialSeconds = 5
  /** When the calling hours begin again; null in them. */
  closedUntil: string | null = null
  private readonly calls = new Map<number, Call>()
  requests: { method: string; path: string; body: Record<string, unknown> | undefined }[] = []

  task(id: number): Task {
    const found = this.tasks.find((t) => t.id === id)
    if (!found) throw new Error(`no task ${id}`)
    return found
  }

  completions() {
    return this.requests.filter((r) => r.path.endsWith('/status') && r.body?.status === 'completed')
  }

  private set(call: Call): Call {
    this.call = call
    this.calls.set(call.id, call)
    return call
  }

  ring(taskId: number): Call {
    const task = this.task(taskId)
    task.status = 'in_progress'
    const call = this.set({
      id: ++callIds,
      direction: 'outbound',
      provider: 'simulator',
      mode: 'mock',
      customerPhone: task.phone,
      agentUserId: ME,
      taskId,
      status: 'ringing',
      startedAt: at,
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
    })
    this.wrapUps = [
      {
        taskId,
        callId: call.id,
        state: 'calling',
        since: at,
        notes: '',
        basket: [],
        version: 1,
        task,
      },
      ...this.wrapUps,
    ]
    return call
  }

  /** A customer calls, and the agent takes it: the talk belongs to the customer's task. */
  takes(taskId: number) {
    const call = { ...this.ring(taskId), direction: 'inbound' as const }
    push('call.incoming', { call: { ...call, taskId: null } })
    this.set(call)
    this.say('answered')
  }

  /** The telephone system says how the call goes on. */
  say(status: CallStatus) {
    if (!this.call) throw new Error('no call')
    this.set({ ...this.call, status, ...(status === 'answered' ? { answeredAt: at } : {}) })
    push('call.updated', { call: this.call })
  }

  answer(method: string, path: string, body: Record<string, unknown> | undefined): unknown {
    const id = Number(/\d+/.exec(path.replace('customer360', ''))?.[0])
    if (path === '/api/crm/desk') {
      const open = this.oldestFirst ? this.wrapUps.at(-1) : this.wrapUps[0]
      const desk: Desk = {
        agent: { userId: ME, status: 'online', since: at, breakAfterCall: false },
        wrapUps: this.wrapUps,
        active: open ? { task: open.task, call: this.calls.get(open.callId ?? 0) ?? null } : null,
        powerDialSeconds: this.powerDialSeconds,
        today: {
          total: 3,
          done: 0,
          reached: 0,
          notReached: 0,
          ordered: 0,
          followUps: 0,
          revenue: 0,
          pacePerHour: 0,
          talkSeconds: 0,
        },
      }
      return desk
    }
    if (path.endsWith('/tasks/today')) {
      return { date: '2026-11-21', items: this.tasks, counts: { total: 3, hot: 3 }, backlog: 0 }
    }
    if (path.endsWith('/suggested-script')) {
      return {
        taskId: id,
        opening: ['Hello'],
        main: { title: 'Title', goal: 'Goal', lines: ['Main line'] },
        ending: ['Bye'],
        objectionHandling: [{ key: 'price', objection: 'Too dear', reply: 'It lasts longer' }],
      }
    }
    if (path === '/api/cdm/products') return { items: [] }
    if (path.endsWith('/calls/initiate')) {
      return { telephonyCallId: this.ring(Number(body?.taskId)).id, mode: 'mock' }
    }
    if (path.endsWith('/hangup') && this.call) {
      return this.set({ ...this.call, status: this.call.answeredAt ? 'completed' : 'cancelled' })
    }
    if (path.includes('/telephony/calls/')) return this.calls.get(id)
    if (path.includes('/wrap-ups/')) {
      const found = this.wrapUps.find((w) => w.taskId === id)
      if (found) Object.assign(found, body)
      return found
    }
    if (path.endsWith('/status') && method === 'PUT') {
      const task = this.task(id)
      Object.assign(task, body)
      if (body?.status === 'in_progress') {
        this.wrapUps = [
          { taskId: id, state: 'wrap_up', since: at, notes: '', basket: [], version: 1, task },
          ...this.wrapUps,
        ]
      } else this.wrapUps = this.wrapUps.filter((w) => w.taskId !== id)
      return task
    }
    return undefined
  }
}

function push(type: string, data: unknown) {
  act(() => {
    // biome-ignore lint/complexity/useLiteralKeys: the socket's own way in
    live['emit'](type, structuredClone(data), at, 1)
  })
}

function Frame() {
  useDeskLive(ME)
  return <DeskScreen />
}

let server: FakeServer
const user = userEvent.setup()

beforeAll(() => startI18n('en'))
beforeEach(() => {
  localStorage.clear()
  cancelled.set({})
  setPowerDial(false)
  for (const id of [1, 2, 3]) drafts.drop(id)
  signIn({
    accessToken: 'a',
    refreshToken: 'r',
    expiresIn: 900,
    user: { id: ME, role: 'agent' } as Me,
  })
  const phone = currentPhone()
  const last = phone.get().call
  // One phone lives as long as the page: the last test's call is over.
  if (last) phone.adopt({ ...last, status: 'completed' })
  server = new FakeServer()
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit) => {
      const path = url.split('?')[0] ?? ''
      const body = init.body ? JSON.parse(String(init.body)) : undefined
      server.requests.push({ method: init.method ?? 'GET', path, body })
      if (path.endsWith('/calls/initiate') && server.closedUntil && !body.outsideHours) {
        const problem = {
          code: 'outside_calling_hours',
          detail: 'No.',
          allowed: [server.closedUntil],
        }
        return new Response(JSON.stringify(problem), { status: 409 })
      }
      const answer = server.answer(init.method ?? 'GET', path, body)
      return new Response(JSON.stringify(answer ?? { code: 'wrap_up_not_found', detail: 'none' }), {
        status: answer === undefined ? 404 : 200,
      })
    }),
  )
})

async function open() {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const shown = render(
    <QueryClientProvider client={queries}>
      <Frame />
    </QueryClientProvider>,
  )
  await screen.findByText('Main line')
  return shown
}
/** The customer whose row is marked in the queue. */
const onScreen = (name: string) =>
  waitFor(() =>
    expect(document.querySelector('ol button[aria-current="true"]')?.textContent).toContain(name),
  )

test('a whole call by keys: call, talk, hang up, follow-up tomorrow, next', async () => {
  await open()
  await onScreen('Customer 1')
  await user.keyboard('c')
  await screen.findByText('Ringing')
  server.say('answered')
  await screen.findByText('Connected')
  await user.keyboard('h')
  await screen.findByText('Waiting for the outcome')
  await user.keyboard('2w{Enter}')
  await onScreen('Customer 2')
  const [done] = server.completions()
  expect(done?.body).toMatchObject({ status: 'completed', outcome: 'follow_up' })
  expect(String(done?.body?.followUpAt)).toMatch(/T04:00:00\.000Z$/)
})

test('without an outcome nothing is sent and the screen says what is missing', async () => {
  await open()
  await user.keyboard('{Enter}')
  expect(await screen.findByRole('alert')).toHaveProperty(
    'textContent',
    expect.stringContaining('Choose an outcome first'),
  )
  await user.keyboard('1{Enter}')
  expect(await screen.findByText(/Put products into the basket/)).toBeTruthy()
  expect(server.completions()).toHaveLength(0)
})

test('nobody answered: one key completes with what the line said, and the next is there', async () => {
  await open()
  await user.keyboard('c')
  await screen.findByText('Ringing')
  server.say('busy')
  await user.keyboard('5')
  await onScreen('Customer 2')
  expect(server.completions()[0]?.body).toEqual({
    status: 'completed',
    outcome: 'no_response',
    subReason: 'busy',
  })
})

test('an older unfinished call does not take the place of the one just made', async () => {
  server.ring(1)
  server.say('completed')
  await open()
  await onScreen('Customer 1')
  await user.keyboard('{ArrowDown}')
  await onScreen('Customer 2')
  server.oldestFirst = true
  await user.keyboard('c')
  await screen.findByText('Ringing')
  server.say('no_answer')
  await screen.findByText('Last call: No answer')
  await user.keyboard('5')
  await onScreen('Customer 1')
  expect(server.completions()[0]?.path).toContain('/tasks/2/')
})

test('a double click on Call does not hit Hang up, which takes its place', async () => {
  await open()
  await user.dblClick(screen.getByRole('button', { name: /^Call\b/ }))
  await screen.findByText('Ringing')
  await user.click(screen.getByRole('button', { name: /^Hang up/ }))
  expect(server.requests.some((r) => r.path.endsWith('/hangup'))).toBe(false)
  expect(server.call?.status).toBe('ringing')
})

test('during a talk, Enter does not end it', async () => {
  await open()
  await user.keyboard('c')
  await screen.findByText('Ringing')
  server.say('answered')
  await user.keyboard('3{Enter}')
  expect(server.completions()).toHaveLength(0)
  expect(server.call?.status).toBe('answered')
})

test('a reload brings the unfinished wrap-up back, with its notes and outcome', async () => {
  server.ring(2)
  server.say('completed')
  Object.assign(server.wrapUps[0] ?? {}, {
    state: 'wrap_up',
    notes: 'wants honey',
    outcome: 'price_issue',
  })
  await open()
  await onScreen('Customer 2')
  expect(screen.getByLabelText(/Notes/)).toHaveProperty('value', 'wants honey')
  expect(screen.getByRole('radio', { name: /Price issue/, checked: true })).toBeTruthy()
  await user.keyboard('{Enter}')
  await onScreen('Customer 1')
  expect(server.completions()[0]?.body).toMatchObject({
    outcome: 'price_issue',
    notes: 'wants honey',
  })
})

test('what is typed is saved on the server, and its letters are no commands', async () => {
  await open()
  await user.keyboard('n')
  await user.keyboard('cheap 5 kg')
  expect(server.requests.some((r) => r.path.endsWith('/calls/initiate'))).toBe(false)
  await screen.findByText('✓ Saved', undefined, { timeout: 3000 })
  expect(server.wrapUps[0]?.notes).toBe('cheap 5 kg')
  await user.keyboard('{Escape}4{Enter}')
  await onScreen('Customer 2')
})

test('a call that became needless leaves the queue and says why', async () => {
  await open()
  server.task(1).status = 'cancelled'
  push('task.cancelled', {
    taskId: 1,
    reason: { code: 'reordered', params: { categorySlug: 'rice', orderNo: 'TC-7' } },
  })
  expect(await screen.findByRole('alert')).toHaveProperty(
    'textContent',
    expect.stringContaining('rice was ordered again (TC-7)'),
  )
  const button = screen.getByRole('button', { name: /^Call\b/ })
  expect(button).toHaveProperty('disabled', true)
  expect(button.title).toContain('rice was ordered again')
  await user.keyboard('c')
  expect(server.requests.some((r) => r.path.endsWith('/calls/initiate'))).toBe(false)
  await user.keyboard('{Enter}')
  await onScreen('Customer 2')
  expect(server.completions()).toHaveLength(0)
})

test('outside the calling hours it is asked first whether the customer wants the call', async () => {
  server.closedUntil = '2026-11-22T03:00:00Z'
  await open()
  await user.keyboard('c')
  const dialog = await screen.findByRole('dialog')
  expect(dialog.textContent).toContain('Not the hour to ring customers')
  await user.click(within(dialog).getByRole('button', { name: 'Cancel' }))
  expect(server.call).toBeNull()
  await user.keyboard('c')
  await user.click(await screen.findByRole('button', { name: /wants it: call/ }))
  await waitFor(() => expect(server.call).not.toBeNull())
  const asked = server.requests.filter((r) => r.path.endsWith('/calls/initiate'))
  expect(asked.map((r) => r.body?.outsideHours)).toEqual([undefined, undefined, true])
})

test('power-dial calls the next customer by itself', async () => {
  server.powerDialSeconds = 0.01
  setPowerDial(true)
  await open()
  await user.keyboard('4{Enter}')
  await waitFor(() => expect(server.call?.taskId).toBe(2))
})

test('Space holds the power-dial, and nothing is called', async () => {
  server.powerDialSeconds = 3600
  setPowerDial(true)
  await open()
  await user.keyboard('4{Enter}')
  await screen.findByText(/Calling in/)
  await user.keyboard(' ')
  await waitFor(() => expect(screen.queryByText(/Calling in/)).toBeNull())
  expect(server.call).toBeNull()
  await onScreen('Customer 2')
})

/** A call of the first customer that waits for its outcome, with a note. */
function unfinished() {
  server.ring(1)
  server.say('completed')
  Object.assign(server.wrapUps[0] ?? {}, { state: 'wrap_up', notes: 'wants honey' })
}
const initiated = () => server.requests.filter((r) => r.path.endsWith('/calls/initiate'))

test('power-dial stops at an unfinished wrap-up; calling that customer again is the agent’s own wish', async () => {
  unfinished()
  server.powerDialSeconds = 0
  setPowerDial(true)
  await open()
  await user.keyboard('{ArrowDown}')
  await onScreen('Customer 2')
  await user.keyboard('4{Enter}')
  await onScreen('Customer 1')
  await screen.findByText('Waiting for the outcome')
  expect(screen.queryByText(/Calling in/)).toBeNull()
  expect(initiated()).toHaveLength(0)
  await user.click(screen.getByRole('button', { name: /^Call again/ }))
  await waitFor(() => expect(initiated()[0]?.body).toEqual({ taskId: 1, callAgain: true }))
})

test('answering a caller opens the caller; the wrap-up before is one key away, with its notes', async () => {
  unfinished()
  await open()
  await onScreen('Customer 1')
  act(() => server.takes(3))
  await onScreen('Customer 3')
  expect(screen.getByLabelText(/Notes/)).toHaveProperty('value', '')
  const panel = screen.getByRole('region', { name: 'Phone' })
  expect(within(panel).getByRole('button', { name: /Customer 1/ })).toBeTruthy()
  await user.keyboard('z')
  await onScreen('Customer 1')
  expect(screen.getByLabelText(/Notes/)).toHaveProperty('value', 'wants honey')
})
