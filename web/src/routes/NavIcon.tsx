import { icon, PhoneIcon, UploadIcon, UserIcon } from '~/ui/icons'
import type { NavEntry } from './nav'

/** The icon of each page in the menu. */
const ICONS: Record<NavEntry['label'], ReturnType<typeof icon>> = {
  desk: icon(
    <path d="M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v5H5.5A1.5 1.5 0 0 1 4 17.5zM20 14h-3v5h1.5a1.5 1.5 0 0 0 1.5-1.5zM17 19c0 1.5-1.5 2-4 2" />,
  ),
  followups: icon(<path d="M4 12a8 8 0 1 1 2.5 5.8M4 19v-5h5M12 8v4l3 2" />),
  floor: icon(<path d="M4 4h7v7H4zM13.5 4H20v4.5h-6.5zM13.5 11.5H20V20h-6.5zM4 13.5h7V20H4z" />),
  plan: icon(<path d="M5 5h14v16H5zM9 3v4M15 3v4M8.5 14l2.5 2.5 4.5-4.5" />),
  promises: icon(
    <>
      <path d="M18 4H6v16l6-4 6 4z" />
      <path d="M9.5 9.5l2 2 3.5-3.5" />
    </>,
  ),
  calls: PhoneIcon,
  customers: UserIcon,
  orders: icon(
    <>
      <path d="M3 4h2.5l2.3 11h10l2.2-8H6.3" />
      <circle cx="9" cy="19" r="1.5" />
      <circle cx="16.5" cy="19" r="1.5" />
    </>,
  ),
  products: icon(<path d="M4 8l8-4.5L20 8v8.5L12 21l-8-4.5zM4 8l8 4.5L20 8M12 12.5V21" />),
  messages: icon(<path d="M4 5h16v11H10l-4.5 4v-4H4z" />),
  teams: icon(
    <>
      <circle cx="9" cy="8" r="3.5" />
      <path d="M2.5 20c.8-3.8 3.4-5.5 6.5-5.5s5.7 1.7 6.5 5.5M16 4.8a3.5 3.5 0 0 1 0 6.4M18 14.9c1.9.8 3 2.5 3.5 5.1" />
    </>,
  ),
  imports: UploadIcon,
  users: icon(
    <>
      <path d="M3 5h18v14H3zM14.5 10H18M14.5 14H18" />
      <circle cx="8.5" cy="10.5" r="2" />
      <path d="M5.5 16c.5-2 1.6-2.8 3-2.8s2.5.8 3 2.8" />
    </>,
  ),
}

export function NavIcon({ of }: { of: NavEntry['label'] }) {
  const Icon = ICONS[of]
  return <Icon width={18} height={18} />
}
