import { setZone } from '~/lib/format'
import { storage } from '~/lib/storage'
import { api } from './client'

/** Longest wait for the server before the first page, milliseconds. */
const PATIENCE = 3000

/** Learns the company's settings before the first page: all hours are those of its time zone. */
export async function loadCompany(): Promise<void> {
  const known = storage.get('timeZone')
  if (known) setZone(known)
  try {
    const signal = AbortSignal.timeout(PATIENCE)
    const { timeZone } = await api.get('/api/settings/company', {}, signal)
    setZone(timeZone)
    storage.set('timeZone', timeZone)
  } catch {
    // Without the server there is nothing to show yet; the zone of the last visit has to do.
  }
}
