import { type RefObject, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Role } from '~/api/types'
import { useKey } from '~/lib/keys'
import { Button, Kbd, toast } from '~/ui'
import { SearchIcon } from '~/ui/icons'

const load = () => import('./Palette')
type View = Awaited<ReturnType<typeof load>>['Palette']

/** Opens the palette: by click, with Ctrl K, and with / where the page has no search field of its own. */
export function PaletteButton({ role }: { role: Role }) {
  const { t } = useTranslation(['palette', 'common'])
  const [open, setOpen] = useState(false)
  const [view, setView] = useState<{ Palette: View } | null>(null)
  const typed = useTypedMeanwhile(open)
  const show = () => {
    setOpen(true)
    load().then(setView, () => {
      setOpen(false)
      toast(t('common:errors.network_error'), 'bad')
    })
  }
  const close = () => {
    typed.current = ''
    setOpen(false)
  }
  const key = { label: t('title'), group: t('common:nav.label'), fixed: true }
  useKey({ id: 'app.palette', key: 'Ctrl+K', whileTyping: true, ...key }, show)
  useKey({ id: 'app.paletteSlash', key: 'Slash', fallback: true, ...key }, show)
  return (
    <>
      <Button
        size="sm"
        className="text-muted max-sm:border-transparent max-sm:bg-transparent"
        icon={<SearchIcon />}
        aria-keyshortcuts="Control+K"
        aria-haspopup="dialog"
        onPointerEnter={() => void load()}
        onClick={show}
      >
        <span className="max-sm:sr-only">{t('common:actions.search')}</span>
        <span className="max-sm:hidden">
          <Kbd k="Ctrl+K" />
        </span>
      </Button>
      {open && view && <view.Palette role={role} initial={typed} onClose={close} />}
    </>
  )
}

/**
 * What is typed while `active` before the palette's field has the focus: kept for the field, not taken as
 * keys of the page.
 */
function useTypedMeanwhile(active: boolean): RefObject<string> {
  const text = useRef('')
  useEffect(() => {
    if (!active) return
    text.current = ''
    const take = (event: KeyboardEvent) => {
      if (event.target instanceof Element && event.target.closest('[role=dialog]')) return
      event.preventDefault()
      event.stopPropagation()
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) text.current += event.key
    }
    window.addEventListener('keydown', take, { capture: true })
    return () => window.removeEventListener('keydown', take, { capture: true })
  }, [active])
  return text
}
