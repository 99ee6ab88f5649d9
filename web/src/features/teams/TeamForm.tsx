import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Team } from '~/api/types'
import { auth } from '~/auth/session'
import { useStore } from '~/lib/store'
import { useChecks } from '~/shared/form/checks'
import { FormDialog, FormInput, FormSelect } from '~/shared/form/fields'
import { useSaveForm } from '~/shared/form/useSaveForm'
import { QueryView, toast } from '~/ui'

const CODES = ['A', 'B', 'C', 'D', 'E'] as const
const MAX_NAME = 100

export function TeamForm({ team, onClose }: { team?: Team; onClose: () => void }) {
  const { t } = useTranslation(['teams', 'common'])
  const queries = useQueryClient()
  const { user } = useStore(auth)
  const { required, atMost } = useChecks()
  const ownTeams = user?.role === 'team_leader'
  const people = useQuery({ ...directoryQuery(), enabled: !ownTeams })
  const form = useSaveForm({
    values: {
      code: team?.code ?? 'A',
      name: team?.name ?? '',
      teamLeaderId: team ? String(team.teamLeaderId) : '',
    },
    save: ({ code, name, teamLeaderId }) => {
      const body = {
        code,
        name: name.trim(),
        ...(ownTeams ? {} : { teamLeaderId: Number(teamLeaderId) }),
      }
      return team
        ? api.patch(`/api/crm/team/teams/${team.id}`, body)
        : api.post('/api/crm/team/teams', body)
    },
    onSaved: () => {
      toast(t('common:actions.saved'), 'ok')
      onClose()
      return changed.team(queries)
    },
  })
  return (
    <FormDialog
      form={form}
      onClose={onClose}
      size="sm"
      title={team ? t('renameTitle', { name: team.name }) : t('newTeam')}
      className="flex flex-col gap-3"
    >
      <FormSelect form={form} name="code" label={t('code')}>
        {CODES.map((value) => (
          <option key={value} value={value}>
            {t(`codes.${value}`)}
          </option>
        ))}
      </FormSelect>
      <FormInput
        form={form}
        name="name"
        label={t('teamName')}
        checks={[required, atMost(MAX_NAME)]}
      />
      {!ownTeams && (
        <QueryView query={people}>
          {({ items }) => (
            <FormSelect
              form={form}
              name="teamLeaderId"
              label={t('leader')}
              hint={team ? t('leaderHint') : undefined}
              checks={[(id) => (id ? undefined : t('common:errors.team_leader_required'))]}
            >
              <option value="">{t('chooseLeader')}</option>
              {items
                .filter((person) => person.role === 'team_leader')
                .map((person) => (
                  <option key={person.id} value={person.id}>
                    {person.name}
                  </option>
                ))}
            </FormSelect>
          )}
        </QueryView>
      )}
    </FormDialog>
  )
}
