import { useTranslation } from 'react-i18next'
import type { LifecycleStage, PurchaseStage, Temperature, ValueStage } from '~/api/types'
import { Badge, type Tone } from '~/ui'

/** A customer's segment as everyone here says it: Repeat-3, and a VIP badge. */
export function Segment({
  customer: c,
}: {
  customer: { purchaseStage: PurchaseStage; valueStage: ValueStage; doNotCall?: boolean }
}) {
  const { t } = useTranslation()
  return (
    <span className="inline-flex flex-wrap items-center gap-1">
      <Badge>{t(`purchaseStage.${c.purchaseStage}`)}</Badge>
      {c.valueStage === 'vip' && <Badge tone="accent">{t('valueStage.vip')}</Badge>}
      {c.valueStage === 'medium' && <Badge>{t('valueStage.medium')}</Badge>}
      {c.doNotCall && <Badge tone="bad">{t('subReason.do_not_call')}</Badge>}
    </span>
  )
}

/** The same of what the server writes as `repeat_3+medium`. */
export function SegmentLabel({ segment }: { segment: string }) {
  const [purchaseStage, valueStage] = segment.split('+') as [PurchaseStage, ValueStage]
  return <Segment customer={{ purchaseStage, valueStage }} />
}

const LIFECYCLE: Record<LifecycleStage, Tone> = {
  prospect: 'plain',
  new: 'accent',
  active: 'ok',
  at_risk: 'wait',
  churned: 'bad',
}

export function Lifecycle({ stage }: { stage: LifecycleStage }) {
  const { t } = useTranslation()
  return <Badge tone={LIFECYCLE[stage]}>{t(`lifecycle.${stage}`)}</Badge>
}

const TEMPERATURE: Record<Temperature, Tone> = { hot: 'accent', warm: 'plain', cold: 'plain' }

export function TemperatureBadge({ value }: { value: Temperature }) {
  const { t } = useTranslation()
  return <Badge tone={TEMPERATURE[value]}>{t(`temperature.${value}`)}</Badge>
}
