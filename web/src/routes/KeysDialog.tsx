import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Binding, bindings, keyOf, pressed, remap, resetKeys, useKeyOf } from '~/lib/keys'
import { useStore } from '~/lib/store'
import { Button, Dialog, Kbd } from '~/ui'
import { toast } from '~/ui/toast'

/** The keys of what is on screen now, by group; a click on one waits for the new key. */
export function KeysDialog({
  open,
  onOpenChange,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const { t } = useTranslation()
  const all = useStore(bindings)
  const [waiting, setWaiting] = useState<Binding | null>(null)
  const known = useMemo(() => [...new Map(all.map((b) => [b.id, b])).values()], [all])
  const groups = [...new Set(known.map((b) => b.group))]

  useEffect(() => {
    if (!waiting) return
    const take = (event: KeyboardEvent) => {
      const key = pressed(event)
      if (!key) return
      event.preventDefault()
      event.stopPropagation()
      setWaiting(null)
      if (key === 'Escape') return
      const other = known.find((b) => b.id !== waiting.id && keyOf(b.id, b.key) === key)
      if (other) toast(t('keys.taken', { action: other.label }), 'bad')
      else remap(waiting.id, key)
    }
    window.addEventListener('keydown', take, { capture: true })
    return () => window.removeEventListener('keydown', take, { capture: true })
  }, [waiting, known, t])

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      size="xl"
      title={t('keys.title')}
      description={t('keys.lead')}
      footer={<Button onClick={resetKeys}>{t('keys.reset')}</Button>}
    >
      <div className="columns-1 gap-6 sm:columns-2 lg:columns-3">
        {groups.map((group) => (
          <section key={group} className="mb-4 break-inside-avoid">
            <h3 className="mb-1 text-xs font-semibold text-muted">{group}</h3>
            <ul>
              {known
                .filter((b) => b.group === group)
                .map((binding) => (
                  <li key={binding.id}>
                    <KeyRow
                      binding={binding}
                      waiting={waiting?.id === binding.id}
                      onPick={() => setWaiting(binding)}
                    />
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  )
}

function KeyRow({
  binding,
  waiting,
  onPick,
}: {
  binding: Binding
  waiting: boolean
  onPick: () => void
}) {
  const { t } = useTranslation()
  const key = useKeyOf(binding.id, binding.key)
  if (binding.fixed) {
    return (
      <div className="flex h-7 items-center gap-2 text-sm">
        <span className="flex-1">{binding.label}</span>
        <Kbd k={key} />
      </div>
    )
  }
  return (
    <button
      type="button"
      onClick={onPick}
      className="flex h-7 w-full items-center gap-2 rounded text-left text-sm hover:bg-hover"
    >
      <span className="flex-1">{binding.label}</span>
      {waiting ? <span className="text-xs text-accent">{t('keys.press')}</span> : <Kbd k={key} />}
    </button>
  )
}
