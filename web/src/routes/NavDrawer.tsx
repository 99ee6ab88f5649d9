import { Dialog } from 'radix-ui'
import { useTranslation } from 'react-i18next'
import type { Role } from '~/api/types'
import { Button, useReturnFocus } from '~/ui'
import { CloseIcon } from '~/ui/icons'
import { NavList } from './NavList'

/** The menu over the page: on narrow screens and at the desk. Closes when a page is chosen. */
export function NavDrawer({ role, onClose }: { role: Role; onClose: () => void }) {
  const { t } = useTranslation()
  const returnFocus = useReturnFocus()
  return (
    <Dialog.Root open onOpenChange={onClose}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Content
          {...returnFocus}
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 flex w-64 max-w-[85vw] flex-col overflow-y-auto border-r border-line bg-surface shadow-xl"
          onClick={(event) => {
            if ((event.target as Element).closest('a')) onClose()
          }}
        >
          <div className="flex h-12 shrink-0 items-center justify-between border-b border-line pr-2 pl-4">
            <Dialog.Title className="font-semibold">{t('nav.label')}</Dialog.Title>
            <Dialog.Close asChild>
              <Button variant="ghost" size="sm" aria-label={t('actions.close')}>
                <CloseIcon />
              </Button>
            </Dialog.Close>
          </div>
          <NavList role={role} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
