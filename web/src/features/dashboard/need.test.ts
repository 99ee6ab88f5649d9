import { expect, test } from 'vitest'
import { byNeed, type FloorAgent, needs, pace, shiftShare } from './need'

// 13:00 in Dhaka: half of the shift from 9 to 17 is over.
const NOON = Date.parse('2026-11-21T07:00:00Z')
const ago = (minutes: number) => new Date(NOON - minutes * 60_000).toISOString()

const agent = (
  part: Partial<Omit<FloorAgent, 'today'>> & { today?: Partial<FloorAgent['today']> } = {},
): FloorAgent => ({
  agentId: 1,
  name: 'Agent',
  status: 'on_call',
  statusSince: ago(1),
  capacity: 200,
  ...part,
  today: {
    total: 100,
    completed: 50,
    failed: 0,
    pending: 50,
    inProgress: 0,
    ordered: 3,
    promisesLate: 0,
    ...part.today,
  },
})

test('the shift runs from nine to five in Dhaka', () => {
  expect(shiftShare(Date.parse('2026-11-21T02:59:00Z'))).toBe(0)
  expect(shiftShare(NOON)).toBe(0.5)
  expect(shiftShare(Date.parse('2026-11-21T12:00:00Z'))).toBe(1)
})

test('pace is what is done against an even progress', () => {
  expect(pace(agent(), NOON)).toBe(0)
  expect(pace(agent({ today: { completed: 60 } }), NOON)).toBe(10)
  expect(pace(agent({ today: { completed: 20, failed: 5 } }), NOON)).toBe(-25)
})

test('someone who works at pace needs nothing', () => {
  expect(needs(agent(), NOON)).toEqual([])
})

test('every reason is named with its figure, the most pressing first', () => {
  const troubled = agent({
    status: 'wrap_up',
    statusSince: ago(7),
    today: { completed: 20, promisesLate: 2 },
  })
  expect(needs(troubled, NOON).map((n) => [n.code, n.value])).toEqual([
    ['promisesLate', 2],
    ['wrapUpLong', 7],
    ['behind', 30],
  ])
})

test('a short break is nobody’s business, a long one is; offline counts only with work in the shift', () => {
  const codes = (a: FloorAgent, now = NOON) => needs(a, now).map((n) => n.code)
  expect(codes(agent({ status: 'break', statusSince: ago(10) }))).toEqual([])
  expect(codes(agent({ status: 'break', statusSince: ago(25) }))).toEqual(['breakLong'])
  expect(codes(agent({ status: 'offline' }))).toEqual(['offline'])
  expect(codes(agent({ status: 'offline', today: { pending: 0 } }))).toEqual([])
  expect(codes(agent({ status: 'offline' }), Date.parse('2026-11-21T01:00:00Z'))).toEqual([])
})

test('late promises come before a long wrap-up, a long wrap-up before being behind, then names', () => {
  const rows = [
    agent({ agentId: 1, name: 'Zia' }),
    agent({ agentId: 2, name: 'Behind', today: { completed: 10 } }),
    agent({ agentId: 3, name: 'Wrap', status: 'wrap_up', statusSince: ago(6) }),
    agent({ agentId: 4, name: 'Late', today: { promisesLate: 1 } }),
    agent({ agentId: 5, name: 'Later', today: { promisesLate: 4 } }),
    agent({ agentId: 6, name: 'Amin' }),
  ]
  expect(byNeed(rows, NOON).map((a) => a.name)).toEqual([
    'Later',
    'Late',
    'Wrap',
    'Behind',
    'Amin',
    'Zia',
  ])
})
