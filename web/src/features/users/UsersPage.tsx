import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '~/api/client'
import { changed } from '~/api/keys'
import { usersQuery } from '~/api/queries'
import type { User } from '~/api/types'
import { useFormat } from '~/i18n/i18n'
import { type ListColumn, sortingText } from '~/shared/list/columns'
import { ListPage } from '~/shared/list/ListPage'
import { useSearchText } from '~/shared/list/useSearchText'
import { UserForm } from '~/shared/UserForm'
import { Badge, Button, ConfirmDialog, EmptyState, Input, Select, toast } from '~/ui'
import { PlusIcon } from '~/ui/icons'
import { ROLES, type UserFilters, userSorting } from './filters'

const NONE: User[] = []

/** Everyone who can log in. */
export function UsersPage({
  filters,
  onFilters,
}: {
  filters: UserFilters
  onFilters: (filters: UserFilters) => void
}) {
  const { t } = useTranslation(['users', 'common'])
  const format = useFormat()
  const queries = useQueryClient()
  const [text, setText] = useSearchText(filters.q, (q) => onFilters({ ...filters, q }))
  const [edited, setEdited] = useState<User | 'new' | null>(null)
  const [closing, setClosing] = useState<User | null>(null)
  const users = useQuery(usersQuery(filters.role))
  const items = users.data?.items ?? NONE
  const rows = useMemo(() => {
    const needle = text.trim().toLowerCase()
    return items.filter((u) => `${u.name} ${u.login}`.toLowerCase().includes(needle))
  }, [items, text])

  const setActive = useMutation({
    mutationFn: (user: User) => api.patch(`/api/users/${user.id}`, { active: !user.active }),
    onSuccess: () => {
      setClosing(null)
      toast(t('common:actions.saved'), 'ok')
      return changed.user(queries)
    },
  })

  const columns: ListColumn<User>[] = [
    {
      key: 'name',
      header: t('name'),
      value: (u) => u.name,
      fixed: true,
      cell: (u) => <span className="font-medium">{u.name}</span>,
    },
    { key: 'login', header: t('login'), value: (u) => u.login, cell: (u) => u.login },
    {
      key: 'role',
      header: t('role'),
      value: (u) => t(`common:role.${u.role}`),
      cell: (u) => t(`common:role.${u.role}`),
    },
    {
      key: 'team',
      header: t('team'),
      value: (u) => u.teamCode ?? '',
      cell: (u) => u.teamCode ?? '–',
    },
    {
      key: 'extension',
      header: t('extension'),
      value: (u) => u.extension ?? '',
      cell: (u) => (u.extension ? format.digits(u.extension) : '–'),
    },
    {
      key: 'capacity',
      header: t('capacity'),
      value: (u) => (u.role === 'agent' ? u.capacity : ''),
      align: 'right',
      cell: (u) => (u.role === 'agent' ? format.number(u.capacity) : '–'),
    },
    {
      key: 'status',
      header: t('status'),
      value: (u) => t(`common:states.${u.active ? 'active' : 'inactive'}`),
      cell: (u) =>
        u.active ? (
          <Badge tone="ok">{t('common:states.active')}</Badge>
        ) : (
          <Badge>{t('common:states.inactive')}</Badge>
        ),
    },
    {
      key: 'action',
      fixed: true,
      header: t('common:actions.edit'),
      head: <span className="sr-only">{t('common:actions.edit')}</span>,
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
    <ListPage
      name="users"
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
            value={filters.role ?? ''}
            onChange={(e) =>
              onFilters({ ...filters, role: (e.target.value || undefined) as UserFilters['role'] })
            }
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
      caption={t('title')}
      columns={columns}
      source={{ ...users, rows }}
      rowKey={(u) => u.id}
      sorting={userSorting(filters)}
      onSorting={(sorting) => onFilters({ ...filters, sort: sortingText(sorting) })}
      empty={<EmptyState title={t('empty')} />}
    >
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
    </ListPage>
  )
}
