import i18next from 'i18next'
import { useSyncExternalStore } from 'react'
import { auth } from '~/auth/session'
import { live } from '~/live/live'
import type { Phone, PhoneState } from './phone'
import { SipPhone } from './sip-phone'

let phone: Phone | null = null
let owner: number | null = null

// Whoever has logged out is not rung here any more.
auth.subscribe(() => {
  if (phone && !auth.get().user) {
    phone.dispose()
    phone = null
    owner = null
  }
})

/** The phone of whoever is logged in here. Another person gets another phone. */
export function currentPhone(): Phone {
  const userId = auth.get().user?.id ?? 0
  if (!phone || owner !== userId) {
    phone?.dispose()
    phone = new SipPhone(live, userId, () => ({ title: i18next.t('desk:incoming.title') }))
    owner = userId
  }
  return phone
}

export function usePhone(): { phone: Phone; state: PhoneState } {
  const current = currentPhone()
  const state = useSyncExternalStore(current.subscribe, current.get)
  return { phone: current, state }
}
