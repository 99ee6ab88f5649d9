import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { usersQuery } from '~/api/queries'
import type { Role, User } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { UserForm } from '~/shared/UserForm'
import {
  Badge,
  Button,
  type Column,
  ConfirmDialog,
  EmptyState,
  Input,
  Page,
  QueryView,
  Select,
  Table,
  toast,
} from '~/ui'
import { PlusIcon } from '~/ui/icons'

export const ROLES: Role[] = [
  'admin',
  'sales_manager',
  'team_leader',
  'agent',
  'support',
  'delivery_coordinator',
]

/** Everyone who can log in. */
export function UsersPage() {
  const { t } = useTranslation(['users', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [role, setRole] = useState<Role | ''>('')
  const [text, setText] = useState('')
  const [edited, setEdited] = useState<User | 'new' | null>(null)
  const [closing, setClosing] = useState<User | null>(null)
  const users = useQuery(usersQuery(role || undefined))

  const setActive = useMutation({
    mutationFn: (user: User) => api.patch(`/api/users/${user.id}`, { active: !user.active }),
    onSuccess: () => {
      setClosing(null)
      toast(t('common:actions.saved'), 'ok')
      return changed.user(queries)
    },
  })

  const columns: Column<User>[] = [
    { key: 'name', header: t('name'), cell: (u) => <span className="font-medium">{u.name}</span> },
    { key: 'login', header: t('login'), cell: (u) => u.login },
    { key: 'role', header: t('role'), cell: (u) => t(`common:role.${u.role}`) },
    { key: 'team', header: t('team'), cell: (u) => u.teamCode ?? '–' },
    {
      key: 'extension',
      header: t('extension'),
      cell: (u) => (u.extension ? format.digits(u.extension) : '–'),
    },
    {
      key: 'capacity',
      header: t('capacity'),
      align: 'right',
      cell: (u) => (u.role === 'agent' ? format.number(u.capacity) : '–'),
    },
    {
      key: 'status',
      header: t('status'),
      cell: (u) =>
        u.active ? (
          <Badge tone="ok">{t('common:states.active')}</Badge>
        ) : (
          <Badge>{t('common:states.inactive')}</Badge>
        ),
    },
    {
      key: 'action',
      header: <span className="sr-only">{t('common:actions.edit')}</span>,
      align: 'right',
      cell: (u) => (
        <span className="inline-flex">
          <Button
            size="sm"
            variant="ghost"
            aria-label={t('editTitle', { name: u.name })}
            onClick={() => setEdited(u)}
          >
            {t('common:actions.edit')}
          </Button>
          <Button
            size="sm"
            variant="ghost"
            onClick={() => (u.active ? setClosing(u) : setActive.mutate(u))}
          >
            {u.active ? t('deactivate') : t('activate')}
          </Button>
        </span>
      ),
    },
  ]

  return (
    <Page
      title={t('title')}
      lead={t('lead')}
      actions={
        <>
          <Input
            type="search"
            className="w-60"
            aria-label={t('filter')}
            placeholder={t('filter')}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
          <Select
            className="w-44"
            aria-label={t('role')}
            value={role}
            onChange={(e) => setRole(e.target.value as Role | '')}
          >
            <option value="">{t('allRoles')}</option>
            {ROLES.map((value) => (
              <option key={value} value={value}>
                {t(`common:role.${value}`)}
              </option>
            ))}
          </Select>
          <Button variant="primary" icon={<PlusIcon />} onClick={() => setEdited('new')}>
            {t('create')}
          </Button>
        </>
      }
    >
      <QueryView query={users}>
        {({ items }) => (
          <Table
            caption={t('title')}
            columns={columns}
            rows={items.filter((u) =>
              `${u.name} ${u.login}`.toLowerCase().includes(text.trim().toLowerCase()),
            )}
            rowKey={(u) => u.id}
            empty={<EmptyState title={t('empty')} />}
          />
        )}
      </QueryView>
      {edited && (
        <UserForm
          user={edited === 'new' ? undefined : edited}
          roles={ROLES}
          onClose={() => setEdited(null)}
        />
      )}
      <ConfirmDialog
        open={closing !== null}
        onOpenChange={(open) => !open && setClosing(null)}
        title={t('deactivateTitle', { name: closing?.name ?? '' })}
        description={t('deactivateLead')}
        confirm={t('deactivate')}
        danger
        busy={setActive.isPending}
        onConfirm={() => closing && setActive.mutate(closing)}
      />
    </Page>
  )
}
