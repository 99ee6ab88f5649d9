import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormat } from '~/i18n/i18n'
import { Page, QueryView, Segmented } from '~/ui'
import { AgentWork } from './AgentWork'
import { Coverage } from './Coverage'
import { FloorTable } from './FloorTable'
import { Playbook } from './Playbook'
import { dashboardQuery, useLiveDashboard } from './queries'
import { Training } from './Training'

const VIEWS = ['floor', 'playbook', 'training'] as const
type View = (typeof VIEWS)[number]

/** The team leader's day: who needs help now, what the coverage looks like, and how to coach. */
export function FloorPage({ actions }: { actions?: ReactNode }) {
  const { t } = useTranslation(['dashboard', 'common'])
  const format = useFormat()
  const [view, setView] = useState<View>('floor')
  const [openId, setOpenId] = useState<number | null>(null)
  const dashboard = useQuery(dashboardQuery(format.language))
  useLiveDashboard(format.language)
  const open = dashboard.data?.agents.find((agent) => agent.agentId === openId)
  return (
    <Page
      title={t('title')}
      lead={dashboard.data && t('lead', { date: format.date(dashboard.data.date) })}
      actions={
        <>
          <Segmented
            label={t('views')}
            value={view}
            onChange={setView}
            items={VIEWS.map((value) => ({ value, label: t(`view.${value}`) }))}
          />
          {actions}
        </>
      }
    >
      <QueryView query={dashboard}>
        {(data) => {
          if (view === 'playbook') return <Playbook entries={data.scriptPlaybook} />
          if (view === 'training') return <Training training={data.trainingRolePlays} />
          return (
            <>
              <Coverage dashboard={data} />
              <FloorTable
                agents={data.agents}
                date={data.date}
                onOpen={(agent) => setOpenId(agent.agentId)}
              />
            </>
          )
        }}
      </QueryView>
      {open && <AgentWork agent={open} onClose={() => setOpenId(null)} />}
    </Page>
  )
}
