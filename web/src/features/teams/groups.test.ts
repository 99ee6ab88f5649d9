import { expect, test } from 'vitest'
import type { Team, User } from '~/api/types'
import { groups } from './groups'

const team = (id: number, code: string) => ({ id, code, name: code, agentCount: 0 }) as Team
const agent = (id: number, name: string, teamId: number | null, active = true) =>
  ({ id, name, teamId, active }) as User

test('agents stand under their teams, A to E, the loose ones last', () => {
  const found = groups(
    [team(2, 'E'), team(1, 'A')],
    [
      agent(1, 'Zia', 1),
      agent(2, 'Gone', 1, false),
      agent(3, 'Amin', 1),
      agent(4, 'Loose', null),
      agent(5, 'Elsewhere', 99),
    ],
  )
  expect(found.map((g) => [g.team?.code ?? '–', g.members.map((m) => m.name)])).toEqual([
    ['A', ['Amin', 'Zia', 'Gone']],
    ['E', []],
    ['–', ['Loose', 'Elsewhere']],
  ])
})
