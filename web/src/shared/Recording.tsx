import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { errorText, useFormat } from '~/i18n/i18n'
import { Button, Select } from '~/ui'
import { PauseIcon, PlayIcon } from '~/ui/icons'

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
  if (load.data) return <Player src={load.data} seconds={seconds ?? 0} />
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

const SPEEDS = [1, 1.25, 1.5, 2]

/** Play, seek, speed: what listening to many calls needs, the same in every browser and theme. */
function Player({ src, seconds }: { src: string; seconds: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const audio = useRef<HTMLAudioElement>(null)
  const [playing, setPlaying] = useState(false)
  const [at, setAt] = useState(0)
  const [length, setLength] = useState(seconds)
  const [speed, setSpeed] = useState(1)
  const place = `${format.clock(Math.floor(at))} / ${format.clock(Math.round(length))}`
  return (
    <fieldset
      className="inline-flex items-center gap-2 border-0 p-0"
      aria-label={t('recording.label')}
    >
      {/* A telephone call has no captions; its summary is in the task's notes. */}
      {/* biome-ignore lint/a11y/useMediaCaption: see above */}
      <audio
        ref={audio}
        src={src}
        autoPlay
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onLoadedMetadata={(event) => {
          const { duration } = event.currentTarget
          if (Number.isFinite(duration)) setLength(duration)
        }}
      />
      <Button
        size="sm"
        icon={playing ? <PauseIcon /> : <PlayIcon />}
        aria-label={t(playing ? 'recording.pause' : 'recording.resume')}
        onClick={() => (playing ? audio.current?.pause() : void audio.current?.play())}
      />
      <input
        type="range"
        className="w-32 accent-accent"
        aria-label={t('recording.seek')}
        aria-valuetext={place}
        min={0}
        max={Math.max(length, 0.1)}
        step={0.5}
        value={Math.min(at, length)}
        onChange={(event) => {
          const to = Number(event.target.value)
          if (audio.current) audio.current.currentTime = to
          setAt(to)
        }}
      />
      <span className="text-xs whitespace-nowrap text-muted tabular-nums">{place}</span>
      <Select
        className="w-20"
        aria-label={t('recording.speed')}
        value={speed}
        onChange={(event) => {
          const rate = Number(event.target.value)
          if (audio.current) audio.current.playbackRate = rate
          setSpeed(rate)
        }}
      >
        {SPEEDS.map((rate) => (
          <option key={rate} value={rate}>
            {format.digits(rate)}×
          </option>
        ))}
      </Select>
    </fieldset>
  )
}
