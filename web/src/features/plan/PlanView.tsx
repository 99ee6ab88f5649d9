import { useTranslation } from 'react-i18next'
import type { PlanResult } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { Badge, type Column, Table } from '~/ui'
import { planSentence } from './sentence'
import { planWords } from './words'

type Row = PlanResult['agents'][number]

/** A plan, made or previewed: the sentence, then who gets what. */
export function PlanView({ plan }: { plan: PlanResult }) {
  const { t } = useTranslation('plan')
  const format = useFormat()
  const columns: Column<Row>[] = [
    {
      key: 'agent',
      header: t('agent'),
      cell: (a) => <span className="font-medium">{a.name}</span>,
    },
    { key: 'team', header: t('team'), cell: (a) => a.teamCode ?? '–' },
    ...(['reminder', 'offer', 'followUp'] as const).map(
      (name): Column<Row> => ({
        key: name,
        header: t(`column.${name}`),
        align: 'right',
        cell: (a) => format.number(a[name]),
      }),
    ),
    {
      key: 'total',
      header: t('column.total'),
      align: 'right',
      cell: (a) => <span className="font-semibold">{format.number(a.total)}</span>,
    },
    {
      key: 'left',
      header: t('column.left'),
      align: 'right',
      cell: (a) => format.number(a.capacityLeft),
    },
  ]
  const rest = [
    plan.full && t('full'),
    plan.alreadyPlanned > 0 &&
      t('alreadyPlanned', { n: format.number(plan.alreadyPlanned), count: plan.alreadyPlanned }),
    plan.messages > 0 && t('messages', { n: format.number(plan.messages), count: plan.messages }),
    plan.merged > 0 && t('merged', { n: format.number(plan.merged), count: plan.merged }),
  ].filter(Boolean)
  return (
    <div className="flex min-h-0 flex-col gap-3">
      <div>
        <p className="text-lg leading-relaxed">
          {planSentence(plan, planWords(t), format.number)}
          {t('end')}
        </p>
        {plan.undone && (
          <p role="status" className="text-sm text-wait">
            {t('undo.was', {
              when: format.dateTime(plan.undone.at),
              back: format.number(plan.undone.takenBack),
              kept: format.number(plan.undone.kept),
              messages: format.number(plan.undone.messages),
            })}
          </p>
        )}
        {rest.length > 0 && <p className="text-sm text-muted">{rest.join(' ')}</p>}
      </div>
      {plan.byTeam.length > 0 && (
        <ul className="flex flex-wrap gap-2" aria-label={t('byTeam')}>
          {plan.byTeam
            .filter((team) => team.count > 0)
            .map((team) => (
              <li key={team.teamCode} className="inline-flex items-center gap-1.5 text-sm">
                <Badge tone="accent">{team.teamCode}</Badge>
                {t('calls', { n: format.number(team.count), count: team.count })}
              </li>
            ))}
        </ul>
      )}
      {plan.agents.length > 0 && (
        <Table
          caption={t('byAgent')}
          columns={columns}
          rows={plan.agents}
          rowKey={(a) => a.agentId}
        />
      )}
    </div>
  )
}
