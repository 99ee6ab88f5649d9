import { DropdownMenu } from 'radix-ui'
import { cx } from '~/lib/cx'
import { CheckIcon } from './icons'
import type { LoadedMenu } from './Menu'

const ITEM =
  'flex cursor-pointer items-center gap-2 rounded px-2 py-1 outline-none data-[disabled]:text-muted data-[highlighted]:bg-accent-soft data-[highlighted]:text-accent-strong'

/** The part of Menu that is loaded when a menu is first wanted. */
export default function RadixMenu({
  trigger,
  groups,
  open,
  onOpenChange,
  defaultOpen,
}: LoadedMenu) {
  return (
    <DropdownMenu.Root
      {...(open === undefined ? { defaultOpen } : { open })}
      {...(onOpenChange ? { onOpenChange } : {})}
    >
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 min-w-44 rounded-md border border-line bg-surface p-1 text-sm shadow-lg"
        >
          {groups.map((group, index) => (
            <DropdownMenu.Group
              key={index}
              className={cx(index > 0 && 'mt-1 border-t border-line pt-1')}
            >
              {group.title && (
                <DropdownMenu.Label className="px-2 py-0.5 text-2xs font-medium text-muted">
                  {group.title}
                </DropdownMenu.Label>
              )}
              {group.items.map((item, i) =>
                item.keepOpen ? (
                  <DropdownMenu.CheckboxItem
                    key={i}
                    checked={item.checked ?? false}
                    disabled={item.disabled ?? false}
                    onSelect={(event) => {
                      event.preventDefault()
                      item.onSelect()
                    }}
                    className={ITEM}
                  >
                    <span className="flex-1">{item.label}</span>
                    <CheckIcon className={cx(!item.checked && 'invisible')} />
                  </DropdownMenu.CheckboxItem>
                ) : (
                  <DropdownMenu.Item
                    key={i}
                    disabled={item.disabled ?? false}
                    onSelect={item.onSelect}
                    className={ITEM}
                  >
                    <span className="flex-1">{item.label}</span>
                    {item.checked && <CheckIcon />}
                  </DropdownMenu.Item>
                ),
              )}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
