import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Dialog } from 'radix-ui'
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import { searchQuery } from '~/api/queries'
import type { Role, SearchHit } from '~/api/types'
import { errorText, loadLanguage, useFormat, useLanguage } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useDebounced } from '~/lib/debounce'
import { latinDigits } from '~/lib/format'
import { pressed } from '~/lib/keys'
import { Button, Kbd, useReturnFocus } from '~/ui'
import { SearchIcon } from '~/ui/icons'
import { NavIcon } from '../NavIcon'
import type { NavEntry } from '../nav'
import { commandsFor } from './commands'
import { matches } from './match'

/** Fewer characters find half of the shop. */
const MIN_CHARACTERS = 2

interface Item {
  id: string
  title: string
  detail?: string
  icon: NavEntry['label'] | undefined
  run: () => void
}

/** Finds customers, orders, pages and actions by keyboard, on every page. */
export function Palette({
  role,
  initial,
  onClose,
}: {
  role: Role
  /** What was typed before the field was there. */
  initial: { current: string }
  onClose: () => void
}) {
  const { t } = useTranslation(['palette', 'common'])
  const returnFocus = useReturnFocus()
  // What is opened takes the focus itself; the place before may no longer be there.
  const ran = useRef(false)
  const id = useId()
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState('')
  const query = latinDigits(text.trim())
  const settled = useDebounced(query, 150)
  const asks = query.length >= MIN_CHARACTERS
  const hits = useQuery({
    ...searchQuery(settled),
    enabled: settled.length >= MIN_CHARACTERS,
  })
  const waits = asks && (settled !== query || hits.isPending)
  const commands = useCommands(role).filter((c) => matches(query, [c.title, ...c.alias]))
  // Hits of an earlier query are not offered: Enter would open another customer.
  const found = useHits(asks && !waits && hits.data ? hits.data.items : [])
  const of = (kind: 'page' | 'action') => commands.filter((command) => command.kind === kind)
  const groups = [
    { name: t('pages'), items: of('page') as Item[] },
    { name: t('customers'), items: found.customers },
    { name: t('orders'), items: found.orders },
    { name: t('actions'), items: of('action') as Item[] },
  ].filter((group) => group.items.length > 0)
  const items = groups.flatMap((group) => group.items)
  const active = items.find((item) => item.id === chosen) ?? items[0]

  const run = (item: Item | undefined) => {
    if (!item) return
    ran.current = true
    onClose()
    item.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return
    const key = pressed(event.nativeEvent)
    const at = active ? items.indexOf(active) : -1
    const moves: Record<string, number> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
    }
    if (key === 'Enter' || key === 'NumpadEnter') {
      event.preventDefault()
      run(active)
    } else if (key === 'Ctrl+K') {
      event.preventDefault()
      onClose()
    } else if (key && key in moves && items.length > 0) {
      event.preventDefault()
      setChosen(items[moves[key] ?? 0]?.id ?? '')
    }
  }
  const option = (item: Item) => `${id}-${item.id}`
  const activeId = active && option(active)
  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' })
  }, [activeId])

  return (
    <Dialog.Root open onOpenChange={onClose}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          {...returnFocus}
          onCloseAutoFocus={(event) =>
            ran.current ? event.preventDefault() : returnFocus.onCloseAutoFocus(event)
          }
          aria-describedby={undefined}
          className="fixed top-[10vh] left-1/2 z-50 flex max-h-[76vh] w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 flex-col overflow-hidden rounded-lg border border-line bg-surface shadow-xl"
        >
          <Dialog.Title className="sr-only">{t('title')}</Dialog.Title>
          <div className="flex items-center gap-2 border-b border-line px-3">
            <SearchIcon className="text-muted" />
            <input
              role="combobox"
              aria-label={t('label')}
              aria-expanded
              aria-controls={`${id}-list`}
              aria-activedescendant={activeId}
              aria-autocomplete="list"
              autoComplete="off"
              spellCheck={false}
              placeholder={t('label')}
              className="h-12 min-w-0 flex-1 bg-transparent text-base outline-none"
              value={text}
              // From here on keys reach the field; those before are put in front.
              onFocus={() => {
                if (initial.current) setText(initial.current)
                initial.current = ''
              }}
              onChange={(event) => {
                setText(event.target.value)
                setChosen('')
              }}
              onKeyDown={onKeyDown}
            />
            <Kbd k="Escape" />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label={t('results')}
            className="min-h-0 flex-1 overflow-y-auto p-1.5"
          >
            {groups.map((group) => (
              // biome-ignore lint/a11y/useSemanticElements: a group of options is no fieldset
              <div key={group.name} role="group" aria-label={group.name} className="mb-1.5">
                <div aria-hidden className="px-2 py-0.5 text-2xs font-semibold text-muted">
                  {group.name}
                </div>
                {group.items.map((item) => (
                  <Option
                    key={item.id}
                    id={option(item)}
                    item={item}
                    active={item === active}
                    onHover={() => setChosen(item.id)}
                    onRun={() => run(item)}
                  />
                ))}
              </div>
            ))}
          </div>
          <Status>
            {hits.isError && asks && !waits ? (
              <span role="alert" className="flex items-center gap-2 text-bad">
                <span className="flex-1">{errorText(hits.error)}</span>
                <Button size="sm" onClick={() => void hits.refetch()}>
                  {t('common:actions.retry')}
                </Button>
              </span>
            ) : waits ? (
              t('searching')
            ) : items.length === 0 ? (
              t('nothing')
            ) : asks && found.count === 0 ? (
              t('noHits')
            ) : (
              t('keys')
            )}
          </Status>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Status({ children }: { children: ReactNode }) {
  return (
    <div role="status" className="border-t border-line px-3 py-2 text-xs text-muted">
      {children}
    </div>
  )
}

/** The focus stays in the field: options are chosen with the arrows or the pointer. */
function Option({
  id,
  item,
  active,
  onHover,
  onRun,
}: {
  id: string
  item: Item
  active: boolean
  onHover: () => void
  onRun: () => void
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field's Enter runs it
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      onPointerMove={active ? undefined : onHover}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onRun}
      className={cx(
        'flex min-h-8 cursor-pointer items-center gap-2.5 rounded px-2 py-1 text-sm',
        active && 'bg-accent-soft text-accent-strong',
      )}
    >
      <span className="grid w-5 place-items-center text-muted">
        {item.icon && <NavIcon of={item.icon} />}
      </span>
      <span className="min-w-0 flex-1 truncate">{item.title}</span>
      {item.detail && <span className="shrink-0 text-muted">{item.detail}</span>}
    </div>
  )
}

/** The role's commands in the language on screen, also findable by their words in the other one. */
function useCommands(role: Role) {
  const { t, i18n } = useTranslation(['palette', 'common'])
  const language = useLanguage()
  const next = language === 'bn' ? 'en' : 'bn'
  const navigate = useNavigate()
  const [loaded, setLoaded] = useState('')
  useEffect(() => {
    let here = true
    loadLanguage(next).then(
      () => here && setLoaded(next),
      () => {}, // Offline: the language on screen is enough.
    )
    return () => {
      here = false
    }
  }, [next])
  return useMemo(
    () =>
      commandsFor({
        role,
        language,
        t,
        other: loaded === next ? i18n.getFixedT(next, ['palette', 'common']) : t,
        go: (to) => void navigate({ to }),
      }),
    [role, language, t, loaded, next, i18n, navigate],
  )
}

/** Hits of the server as items. */
function useHits(hits: readonly SearchHit[]) {
  const format = useFormat()
  const navigate = useNavigate()
  const customers: Item[] = []
  const orders: Item[] = []
  for (const hit of hits) {
    if (hit.kind === 'order' && hit.orderId != null) {
      const params = { id: String(hit.orderId) }
      orders.push({
        id: `order-${hit.orderId}`,
        icon: 'orders',
        title: `${hit.orderNo ?? ''} · ${hit.name}`,
        detail: format.phone(hit.phone),
        run: () => void navigate({ to: '/orders/$id', params }),
      })
    } else {
      const params = { id: String(hit.customerId) }
      customers.push({
        id: `customer-${hit.customerId}`,
        icon: 'customers',
        title: hit.name,
        detail: format.phone(hit.phone),
        run: () => void navigate({ to: '/customers/$id', params }),
      })
    }
  }
  return { customers, orders, count: hits.length }
}
