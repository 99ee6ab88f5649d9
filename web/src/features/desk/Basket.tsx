import { useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { productsQuery } from '~/api/queries'
import type { BasketLine, Product } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { cx } from '~/lib/cx'
import { useKey } from '~/lib/keys'
import { Badge, Button, Input } from '~/ui'
import { MinusIcon, PlusIcon } from '~/ui/icons'
import type { Draft } from './draft'
import { findProducts } from './find-products'
import { customer360Query } from './queries'
import type { DeskModel } from './useDesk'

/** The order made during the call: search, or the last one again; cash on delivery. */
export function Basket({ model, draft }: { model: DeskModel; draft: Draft }) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const products = useQuery(productsQuery(true))
  const all = products.data?.items ?? []
  const customerId = model.task?.customerId ?? 0
  const customer = useQuery({ ...customer360Query(customerId), enabled: customerId > 0 })
  const last = customer.data?.recentOrders.find((order) => order.counted)
  const group = t('basket.title')

  const setLine = (productId: number, quantity: number) => {
    const known = draft.basket.some((line) => line.productId === productId)
    const basket: BasketLine[] = known
      ? draft.basket.map((line) => (line.productId === productId ? { productId, quantity } : line))
      : [...draft.basket, { productId, quantity }]
    model.edit({ basket: basket.filter((line) => line.quantity > 0) })
  }
  // What is no longer sold is left out: the server would refuse the whole order.
  const again = (last?.lines ?? []).filter((line) => all.some((p) => p.id === line.productId))
  const repeat = () =>
    model.edit({ basket: again.map(({ productId, quantity }) => ({ productId, quantity })) })
  const lastKey = useKey(
    { id: 'desk.lastOrder', key: 'L', label: t('basket.last'), group, enabled: again.length > 0 },
    () => repeat(),
  )
  const lines = draft.basket.map((line) => {
    const product = all.find((p) => p.id === line.productId)
    return { ...line, name: product ? format.name(product) : '…', price: product?.price ?? 0 }
  })
  const total = lines.reduce((sum, line) => sum + line.quantity * line.price, 0)

  return (
    <div className="grid min-h-0 flex-1 grid-cols-[220px_minmax(0,1fr)] gap-3">
      <div className="flex flex-col gap-1.5">
        <ProductSearch
          products={all}
          onPick={(product) => {
            const before = draft.basket.find((line) => line.productId === product.id)
            setLine(product.id, (before?.quantity ?? 0) + 1)
          }}
        />
        <Button
          size="sm"
          k={lastKey}
          disabled={again.length === 0}
          title={last ? undefined : t('basket.noLast')}
          onClick={repeat}
        >
          {t('basket.last')}
        </Button>
      </div>
      <div className="flex min-h-0 gap-2">
        <ul className="flex min-h-7 flex-1 flex-wrap content-start gap-1.5 overflow-y-auto">
          {lines.length === 0 && <li className="text-sm text-muted">{t('basket.empty')}</li>}
          {lines.map(({ name, ...line }) => {
            return (
              <li
                key={line.productId}
                className="flex items-center gap-1 rounded-md border border-line pl-2 text-sm"
              >
                <span className="max-w-40 truncate" title={name}>
                  {name}
                </span>
                <Button
                  size="sm"
                  variant="ghost"
                  className="!px-1"
                  aria-label={t('basket.less', { name })}
                  onClick={() => setLine(line.productId, line.quantity - 1)}
                >
                  <MinusIcon width={12} height={12} />
                </Button>
                <span className="min-w-4 text-center font-semibold">
                  {format.digits(line.quantity)}
                </span>
                <Button
                  size="sm"
                  variant="ghost"
                  className="!px-1"
                  aria-label={t('basket.more', { name })}
                  onClick={() => setLine(line.productId, line.quantity + 1)}
                >
                  <PlusIcon width={12} height={12} />
                </Button>
              </li>
            )
          })}
        </ul>
        {lines.length > 0 && (
          <p className="flex shrink-0 flex-col items-end gap-0.5 text-sm">
            <span>
              {t('basket.total')} <span className="font-semibold">{format.money(total)}</span>
            </span>
            <Badge>{t('basket.cod')}</Badge>
          </p>
        )}
      </div>
    </div>
  )
}

/** A combobox: type, arrows, Enter puts one more into the basket and is ready for the next. */
function ProductSearch({
  products,
  onPick,
}: {
  products: Product[]
  onPick: (product: Product) => void
}) {
  const { t } = useTranslation('desk')
  const format = useFormat()
  const list = useId()
  const field = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const key = useKey(
    { id: 'desk.basket', key: 'B', label: t('keys.basket'), group: t('basket.title') },
    () => field.current?.focus(),
  )
  const found = findProducts(products, text).slice(0, 6)
  const pick = (product: Product | undefined) => {
    if (!product) return
    onPick(product)
    setText('')
    setAt(0)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setAt((i) => Math.min(found.length - 1, i + 1))
    else if (event.key === 'ArrowUp') setAt((i) => Math.max(0, i - 1))
    else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      if (text) pick(found[at])
      else field.current?.blur()
    } else return
    event.preventDefault()
  }
  return (
    <div className="relative">
      <Input
        ref={field}
        role="combobox"
        aria-expanded={text !== ''}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={found[at] && text ? `${list}-${found[at].id}` : undefined}
        aria-label={`${t('basket.search')} (${key})`}
        placeholder={`${t('basket.search')} (${key})`}
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setText('')}
      />
      {text && (
        <div
          id={list}
          role="listbox"
          aria-label={t('basket.search')}
          className="absolute bottom-full left-0 z-30 mb-1 w-96 rounded-md border border-line bg-surface p-1 shadow-lg"
        >
          {found.map((product, i) => (
            <div
              key={product.id}
              id={`${list}-${product.id}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              // Before the blur of the field closes the list.
              onMouseDown={(event) => {
                event.preventDefault()
                pick(product)
              }}
              className={cx(
                'flex cursor-pointer items-center gap-2 rounded px-2 py-1 text-sm',
                i === at && 'bg-accent-soft text-accent-strong',
              )}
            >
              <span className="min-w-0 flex-1 truncate">{format.name(product)}</span>
              <span className="text-xs text-muted">
                {format.quantity(product.packSize, product.packUnit)}
              </span>
              <span>{format.money(product.price)}</span>
            </div>
          ))}
          {found.length === 0 && (
            <p className="px-2 py-1 text-sm text-muted">{t('basket.nothing')}</p>
          )}
        </div>
      )}
    </div>
  )
}
