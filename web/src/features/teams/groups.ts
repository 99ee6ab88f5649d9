import type { Team, User } from '~/api/types'

export interface Group {
  /** null: agents without a team. */
  team: Team | null
  members: User[]
}

/** Agents under their teams by code; those without one last; within a team by name, who left last. */
export function groups(teams: readonly Team[], agents: readonly User[]): Group[] {
  const of = (id: number | null) =>
    agents
      .filter((user) => (user.teamId ?? null) === id)
      .sort((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name, 'bn'))
  const known = new Set(teams.map((team) => team.id))
  const found: Group[] = [...teams]
    .sort((a, b) => a.code.localeCompare(b.code) || a.name.localeCompare(b.name))
    .map((team) => ({ team, members: of(team.id) }))
  const loose = agents.filter((user) => user.teamId == null || !known.has(user.teamId))
  if (loose.length > 0) {
    found.push({
      team: null,
      members: [...of(null), ...loose.filter((user) => user.teamId != null)],
    })
  }
  return found
}
