import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { directoryQuery } from '~/api/queries'
import type { Customer360 } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { useDistricts } from '~/shared/District'
import { Badge } from '~/ui'

export function Profile({ data }: { data: Customer360 }) {
  const { t } = useTranslation(['customers', 'common'])
  const format = useFormat()
  const people = useQuery(directoryQuery())
  const districts = useDistricts()
  const nameOf = (id: number | null | undefined) =>
    id == null ? t('pool') : (people.data?.items.find((p) => p.id === id)?.name ?? '…')
  const c = data.customer
  const consents = (['call', 'sms', 'whatsapp', 'email'] as const).filter((key) => c.consent[key])
  const rows: [string, string | null | undefined][] = [
    [t('field.phones'), c.phones.map(format.phone).join(', ')],
    [t('field.email'), c.email],
    [t('field.address'), addressOf({ ...c, district: districts.nameOf(c.district) })],
    [t('field.birthday'), c.birthday && format.date(c.birthday)],
    [t('field.anniversary'), c.anniversary && format.date(c.anniversary)],
    [t('field.language'), c.language === 'bn' ? 'বাংলা' : 'English'],
    [t('field.consent'), consents.map((key) => t(`consent.${key}`)).join(', ') || t('noConsent')],
    [t('supervisor'), c.assignedSupervisorId ? nameOf(c.assignedSupervisorId) : null],
    [t('referral'), c.referralCode],
    [
      t('doNotCallState'),
      c.doNotCall
        ? [c.doNotCallReason, c.doNotCallAt && format.date(c.doNotCallAt)]
            .filter(Boolean)
            .join(' · ')
        : null,
    ],
    [t('field.notes'), c.notes],
  ]
  return (
    <div className="px-3 py-2 text-sm">
      <dl className="grid grid-cols-[112px_minmax(0,1fr)] gap-x-3 gap-y-1">
        {rows
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label} className="contents">
              <dt className="text-muted">{label}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        {c.tags.length > 0 && (
          <div className="contents">
            <dt className="text-muted">{t('field.tags')}</dt>
            <dd className="flex flex-wrap gap-1">
              {c.tags.map((tag) => (
                <Badge key={tag}>{tag}</Badge>
              ))}
            </dd>
          </div>
        )}
      </dl>
      {data.recommendations.length > 0 && (
        <section className="mt-2 border-t border-line pt-2">
          <h3 className="text-xs font-medium text-muted">{t('recommended')}</h3>
          <ul>
            {data.recommendations.map((r) => (
              <li key={r.productId} className="flex gap-2">
                <span className="flex-1">{format.name(r)}</span>
                <span className="text-xs text-muted">{t(`because.${r.reason.code}`)}</span>
                <span>{format.money(r.price)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {data.assignments.length > 0 && (
        <section className="mt-2 border-t border-line pt-2">
          <h3 className="text-xs font-medium text-muted">{t('assignments')}</h3>
          <ul>
            {data.assignments.map((a) => (
              <li key={`${a.at} ${a.toAgentId}`} className="text-xs">
                <span className="text-muted">{format.dateTime(a.at)}</span> {nameOf(a.fromAgentId)}{' '}
                → {nameOf(a.toAgentId)}
                {a.reason && <span className="text-muted"> · {a.reason}</span>}
                {a.byUserId != null && (
                  <span className="text-muted"> · {t('by', { name: nameOf(a.byUserId) })}</span>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

/** Address, city and district, each said once. */
export function addressOf(c: {
  address?: string | null
  city?: string | null
  district?: string | null
}): string {
  return [c.address, c.city, c.district].reduce<string>((said, part) => {
    if (!part || said.includes(part)) return said
    return said ? `${said}, ${part}` : part
  }, '')
}
