import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { PlanSettings } from '~/api/types'
import { Dialog, QueryView } from '~/ui'
import { planSettingsQuery } from './queries'

/** A dialog made from the plan's rules: until they are here it says that they load, or why not. */
export function WithPlanSettings({
  title,
  onClose,
  children,
}: {
  title: string
  onClose: () => void
  children: (settings: PlanSettings) => ReactNode
}) {
  const settings = useQuery(planSettingsQuery())
  if (settings.data) return children(settings.data)
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="xl" title={title}>
      <QueryView query={settings}>{() => null}</QueryView>
    </Dialog>
  )
}
