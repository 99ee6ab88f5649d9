import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from '~/live/live'
import { Dot } from '~/ui'

/** Quiet while all is well; says when the line is lost (after a moment) and when it is back. */
export function ConnectionBanner() {
  const { t } = useTranslation()
  const connection = useConnection()
  const [shown, setShown] = useState<'none' | 'lost' | 'back'>('none')
  const wasLost = useRef(false)
  useEffect(() => {
    if (connection === 'lost') {
      // A blink of the network is nobody's business.
      const timer = setTimeout(() => {
        wasLost.current = true
        setShown('lost')
      }, 1500)
      return () => clearTimeout(timer)
    }
    if (connection === 'online' && wasLost.current) {
      wasLost.current = false
      setShown('back')
      const timer = setTimeout(() => setShown('none'), 4000)
      return () => clearTimeout(timer)
    }
  }, [connection])
  return (
    <div role="status" className="contents">
      {shown !== 'none' && (
        <p
          className={
            shown === 'lost'
              ? 'flex shrink-0 items-center justify-center gap-2 bg-wait-soft px-3 py-1 text-sm text-wait'
              : 'flex shrink-0 items-center justify-center gap-2 bg-ok-soft px-3 py-1 text-sm text-ok'
          }
        >
          <Dot tone={shown === 'lost' ? 'wait' : 'ok'} />
          {t(shown === 'lost' ? 'connection.lost' : 'connection.back')}
        </p>
      )}
    </div>
  )
}
