import { cloneElement, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react'

export interface MenuItem {
  label: ReactNode
  onSelect: () => void
  checked?: boolean
  disabled?: boolean
  /** One of several to be ticked: the menu stays open. */
  keepOpen?: boolean
}

export interface MenuProps {
  /** A button. */
  trigger: ReactElement<Record<string, unknown>>
  /** Separated by a line. */
  groups: { title?: string; items: MenuItem[] }[]
  open?: boolean
  onOpenChange?: (open: boolean) => void
}

export interface LoadedMenu extends MenuProps {
  defaultOpen: boolean
}

const load = () => import('./RadixMenu')
const RadixMenu = lazy(load)

/** A button that opens a short list of actions. Its machinery is not part of the first load. */
export function Menu(props: MenuProps) {
  const [wanted, setWanted] = useState(false)
  const { trigger, open } = props
  const closed = cloneElement(trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: load,
    onFocus: load,
    onClick: () => {
      setWanted(true)
      props.onOpenChange?.(true)
    },
  })
  if (!wanted && !open) return closed
  return (
    <Suspense fallback={closed}>
      <RadixMenu {...props} defaultOpen={wanted} />
    </Suspense>
  )
}
