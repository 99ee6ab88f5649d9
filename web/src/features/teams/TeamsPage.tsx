import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed, keys } from '~/api/keys'
import { directoryQuery, usersQuery } from '~/api/queries'
import type { Team, User } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { civilDate } from '~/lib/format'
import { useDistricts } from '~/shared/District'
import { UserForm } from '~/shared/UserForm'
import {
  Badge,
  Button,
  ConfirmDialog,
  EmptyState,
  Menu,
  Page,
  QueryView,
  Select,
  toast,
} from '~/ui'
import { ChevronIcon, PlusIcon } from '~/ui/icons'
import { groups } from './groups'
import { TeamForm } from './TeamForm'

/** Teams A to E and who works in them. */
export function TeamsPage() {
  const { t } = useTranslation(['teams', 'common'])
  const queries = useQueryClient()
  const [team, setTeam] = useState<Team | 'new' | null>(null)
  const [agent, setAgent] = useState<User | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Team | null>(null)
  const teams = useQuery({
    queryKey: keys.teams,
    queryFn: ({ signal }) => api.get('/api/crm/team/teams', {}, signal),
  })
  const agents = useQuery(usersQuery('agent'))
  const again = () => changed.team(queries)
  const remove = useMutation({
    mutationFn: (gone: Team) => api.delete(`/api/crm/team/teams/${gone.id}`),
    onSuccess: () => {
      toast(t('deleted'), 'ok')
      return again()
    },
    onSettled: () => setDeleting(null),
  })
  const move = useMutation({
    mutationFn: async ({ user, to }: { user: User; to: number | null }) => {
      const agentId = user.id
      if (to !== null) await api.post(`/api/crm/team/teams/${to}/assign-agent`, { agentId })
      else if (user.teamId)
        await api.post(`/api/crm/team/teams/${user.teamId}/unassign-agent`, { agentId })
    },
    onSuccess: (_, { user }) => {
      toast(t('moved', { name: user.name }), 'ok')
      return again()
    },
  })
  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <Button icon={<PlusIcon />} onClick={() => setTeam('new')}>
            {t('newTeam')}
          </Button>
          <Button variant="primary" icon={<PlusIcon />} onClick={() => setAgent('new')}>
            {t('newAgent')}
          </Button>
        </>
      }
    >
      <QueryView query={teams}>
        {({ items }) => (
          <QueryView query={agents}>
            {(users) =>
              items.length === 0 && users.items.length === 0 ? (
                <EmptyState
                  title={t('none')}
                  action={
                    <Button variant="primary" onClick={() => setTeam('new')}>
                      {t('newTeam')}
                    </Button>
                  }
                >
                  {t('noneLead')}
                </EmptyState>
              ) : (
                <Roster
                  teams={items}
                  agents={users.items}
                  busy={move.isPending}
                  onTeam={setTeam}
                  onDelete={setDeleting}
                  onAgent={setAgent}
                  onMove={(user, to) => move.mutate({ user, to })}
                />
              )
            }
          </QueryView>
        )}
      </QueryView>
      {team && <TeamForm team={team === 'new' ? undefined : team} onClose={() => setTeam(null)} />}
      {agent && (
        <UserForm
          user={agent === 'new' ? undefined : agent}
          roles={['agent']}
          onClose={() => setAgent(null)}
        />
      )}
      <ConfirmDialog
        open={deleting !== null}
        onOpenChange={(open) => !open && setDeleting(null)}
        title={t('deleteTitle', { name: deleting?.name ?? '' })}
        description={t(deleting?.agentCount ? 'deleteFull' : 'deleteLead')}
        confirm={t('common:actions.delete')}
        danger
        busy={remove.isPending}
        onConfirm={() => deleting && remove.mutate(deleting)}
      />
    </Page>
  )
}

/** One table, a heading row per team; agents without a team come last. */
function Roster({
  teams,
  agents,
  busy,
  onTeam,
  onDelete,
  onAgent,
  onMove,
}: {
  teams: Team[]
  agents: User[]
  busy: boolean
  onTeam: (team: Team) => void
  onDelete: (team: Team) => void
  onAgent: (user: User) => void
  onMove: (user: User, to: number | null) => void
}) {
  const { t } = useTranslation(['teams', 'common'])
  const format = useFormat()
  const districts = useDistricts()
  const places = (user: User) => user.districts.map(districts.nameOf).join(', ')
  const people = useQuery(directoryQuery())
  const today = civilDate(new Date())
  const leaders = new Set(teams.map((team) => team.teamLeaderId))
  const leaderOf = (team: Team) =>
    people.data?.items.find((person) => person.id === team.teamLeaderId)?.name
  const head = [
    ['name', 'text-left'],
    ['extension', 'text-left'],
    ['seniority', 'text-left'],
    ['capacity', 'text-right'],
    ['districts', 'text-left'],
    ['absent', 'text-left'],
    ['team', 'text-left'],
  ] as const
  return (
    <section
      aria-label={t('title')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolls with the arrow keys
      tabIndex={0}
      className="min-h-0 overflow-auto rounded-lg border border-line bg-surface"
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{t('title')}</caption>
        <thead>
          <tr>
            {head.map(([key, align]) => (
              <th
                key={key}
                scope="col"
                className={`sticky top-0 z-10 border-b border-line bg-canvas px-3 py-1.5 text-xs font-medium whitespace-nowrap text-muted ${align}`}
              >
                {t(`column.${key}`)}
              </th>
            ))}
            <th
              scope="col"
              className="sticky top-0 z-10 border-b border-line bg-canvas px-3 py-1.5"
            >
              <span className="sr-only">{t('common:actions.edit')}</span>
            </th>
          </tr>
        </thead>
        {groups(teams, agents).map(({ team, members }) => (
          <tbody key={team?.id ?? 'none'}>
            <tr className="border-b border-line/60 bg-sunken/60">
              <th scope="rowgroup" colSpan={7} className="px-3 py-1.5 text-left font-semibold">
                <span className="inline-flex items-center gap-2">
                  {team && <Badge tone="accent">{team.code}</Badge>}
                  {team ? team.name : t('withoutTeam')}
                  <span className="text-xs font-normal text-muted">
                    {t('agents', { n: format.number(members.length), count: members.length })}
                    {team && leaders.size > 1 && leaderOf(team) ? ` · ${leaderOf(team)}` : ''}
                  </span>
                </span>
              </th>
              <td className="px-3 py-1 text-right">
                {team && (
                  <Menu
                    trigger={
                      <Button
                        size="sm"
                        variant="ghost"
                        aria-label={t('teamMenu', { name: team.name })}
                      >
                        <ChevronIcon />
                      </Button>
                    }
                    groups={[
                      {
                        items: [
                          { label: t('rename'), onSelect: () => onTeam(team) },
                          {
                            label: t('common:actions.delete'),
                            disabled: members.length > 0,
                            onSelect: () => onDelete(team),
                          },
                        ],
                      },
                    ]}
                  />
                )}
              </td>
            </tr>
            {members.length === 0 && (
              <tr className="border-b border-line/60">
                <td colSpan={8} className="px-3 py-1.5 text-muted">
                  {t('emptyTeam')}
                </td>
              </tr>
            )}
            {members.map((user) => (
              <tr key={user.id} className="border-b border-line/60">
                <td className="px-3 py-1">
                  <span className={user.active ? 'font-medium' : 'text-muted line-through'}>
                    {user.name}
                  </span>{' '}
                  {!user.active && <Badge>{t('common:states.inactive')}</Badge>}
                </td>
                <td className="px-3 py-1">
                  {user.extension ? format.digits(user.extension) : '–'}
                </td>
                <td className="px-3 py-1">{t(`common:seniority.${user.seniority}`)}</td>
                <td className="px-3 py-1 text-right">{format.number(user.capacity)}</td>
                <td className="max-w-52 truncate px-3 py-1" title={places(user)}>
                  {places(user) || '–'}
                </td>
                <td className="px-3 py-1 whitespace-nowrap">
                  {user.absentOn.includes(today) ? (
                    <Badge tone="wait">{t('absentToday')}</Badge>
                  ) : user.absentOn[0] ? (
                    format.date(user.absentOn[0])
                  ) : (
                    '–'
                  )}
                </td>
                <td className="px-3 py-1">
                  <Select
                    className="h-7 w-40"
                    aria-label={t('teamOf', { name: user.name })}
                    value={user.teamId ?? ''}
                    disabled={busy || !user.active}
                    onChange={(e) => onMove(user, e.target.value ? Number(e.target.value) : null)}
                  >
                    <option value="">{t('withoutTeam')}</option>
                    {teams.map((option) => (
                      <option key={option.id} value={option.id}>
                        {option.code} · {option.name}
                      </option>
                    ))}
                  </Select>
                </td>
                <td className="px-3 py-1 text-right">
                  <Button
                    size="sm"
                    variant="ghost"
                    aria-label={t('editAgent', { name: user.name })}
                    onClick={() => onAgent(user)}
                  >
                    {t('common:actions.edit')}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </section>
  )
}
