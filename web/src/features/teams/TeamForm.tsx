import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { directoryQuery } from '~/api/queries'
import type { Team } from '~/api/types'
import { auth } from '~/auth/session'
import { useStore } from '~/lib/store'
import { fieldError, formError } from '~/shared/fields'
import { Button, Dialog, Field, Input, Select, toast } from '~/ui'

const CODES = ['A', 'B', 'C', 'D', 'E'] as const
const FIELDS = ['code', 'name', 'teamLeaderId']

export function TeamForm({ team, onClose }: { team?: Team; onClose: () => void }) {
  const { t } = useTranslation(['teams', 'common'])
  const queries = useQueryClient()
  const form = useId()
  const { user } = useStore(auth)
  const ownTeams = user?.role === 'team_leader'
  const people = useQuery({ ...directoryQuery(), enabled: !ownTeams })
  const [code, setCode] = useState<string>(team?.code ?? 'A')
  const [name, setName] = useState(team?.name ?? '')
  const [leader, setLeader] = useState(team ? String(team.teamLeaderId) : '')
  const save = useMutation({
    meta: { quiet: true },
    mutationFn: () => {
      const body = {
        code,
        name: name.trim(),
        ...(ownTeams || !leader ? {} : { teamLeaderId: Number(leader) }),
      }
      return team
        ? api.patch(`/api/crm/team/teams/${team.id}`, body)
        : api.post('/api/crm/team/teams', body)
    },
    onSuccess: () => {
      toast(t('common:actions.saved'), 'ok')
      onClose()
      return changed.team(queries)
    },
  })
  const general = formError(save.error, FIELDS)
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      size="sm"
      title={team ? t('renameTitle', { name: team.name }) : t('newTeam')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:actions.cancel')}</Button>
          <Button type="submit" form={form} variant="primary" busy={save.isPending}>
            {t('common:actions.save')}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Field label={t('code')} error={fieldError(save.error, 'code')}>
          {(control) => (
            <Select {...control} value={code} onChange={(e) => setCode(e.target.value)}>
              {CODES.map((value) => (
                <option key={value} value={value}>
                  {t(`codes.${value}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t('teamName')} error={fieldError(save.error, 'name')}>
          {(control) => (
            <Input
              {...control}
              required
              maxLength={100}
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          )}
        </Field>
        {!ownTeams && (
          <Field
            label={t('leader')}
            hint={team ? t('leaderHint') : undefined}
            error={fieldError(save.error, 'teamLeaderId')}
          >
            {(control) => (
              <Select
                {...control}
                required
                value={leader}
                onChange={(e) => setLeader(e.target.value)}
              >
                <option value="">{t('chooseLeader')}</option>
                {(people.data?.items ?? [])
                  .filter((person) => person.role === 'team_leader')
                  .map((person) => (
                    <option key={person.id} value={person.id}>
                      {person.name}
                    </option>
                  ))}
              </Select>
            )}
          </Field>
        )}
        {general && (
          <p role="alert" className="text-sm text-bad">
            {general}
          </p>
        )}
      </form>
    </Dialog>
  )
}
