import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { errorText, useFormat } from '~/i18n/i18n'
import { Button } from '~/ui'

/**
 * The recording of a call. It is fetched when asked for, because it needs the token, which an <audio src>
 * cannot send.
 */
export function Recording({ callId, seconds }: { callId: number; seconds?: number | null }) {
  const { t } = useTranslation()
  const format = useFormat()
  const url = useRef<string | null>(null)
  const load = useMutation({
    meta: { quiet: true },
    mutationFn: async () => {
      const blob = await api.blob(`/api/telephony/calls/${callId}/recording`)
      url.current = URL.createObjectURL(blob)
      return url.current
    },
  })
  useEffect(
    () => () => {
      if (url.current) URL.revokeObjectURL(url.current)
    },
    [],
  )
  if (load.data) {
    return (
      // A telephone call has no captions; its summary is in the task's notes.
      // biome-ignore lint/a11y/useMediaCaption: see above
      <audio
        src={load.data}
        controls
        autoPlay
        className="h-8 w-72 max-w-full"
        aria-label={t('recording.label')}
      />
    )
  }
  return (
    <span className="inline-flex items-center gap-2">
      <Button size="sm" busy={load.isPending} onClick={() => load.mutate()}>
        {t('recording.play')}
        {seconds != null && <span className="text-xs text-muted">{format.clock(seconds)}</span>}
      </Button>
      {load.isError && <span className="text-xs text-bad">{errorText(load.error)}</span>}
    </span>
  )
}
