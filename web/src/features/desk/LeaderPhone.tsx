import { usePhone } from '~/phone/current'
import { IncomingCall } from './IncomingCall'
import { PhoneStatus } from './PhoneStatus'

/** A team leader's telephone, to be in agents' calls with; nothing where telephones are not in the browser. */
export function LeaderPhone() {
  const { state } = usePhone()
  if (state.sip === 'none') return null
  return (
    <div className="flex items-center gap-3 text-sm">
      <PhoneStatus />
      <IncomingCall />
    </div>
  )
}
