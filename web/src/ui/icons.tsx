import type { ReactNode, SVGProps } from 'react'

/** An icon of the app's line style, 24 units a side; decorative, so its control needs a name. */
export function icon(paths: ReactNode) {
  // biome-ignore lint/correctness/noComponentHookFactories: called at module level only
  return function Icon(props: SVGProps<SVGSVGElement>) {
    return (
      <svg
        aria-hidden="true"
        viewBox="0 0 24 24"
        width="16"
        height="16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.9"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="shrink-0"
        {...props}
      >
        {paths}
      </svg>
    )
  }
}

export const CloseIcon = icon(<path d="M6 6l12 12M18 6L6 18" />)
export const PhoneIcon = icon(
  <path d="M5 4h4l2 5-2.5 1.7a11 11 0 0 0 4.8 4.8L15 13l5 2v4a1.5 1.5 0 0 1-1.7 1.5A16 16 0 0 1 3.5 5.7 1.5 1.5 0 0 1 5 4z" />,
)
export const HangupIcon = icon(
  <path d="M3 14.5c-.6-1 .2-2.6 1.2-3.3C8.8 8.2 15.2 8.2 19.8 11.2c1 .7 1.8 2.3 1.2 3.3l-1 1.5-4-1v-2.5a13 13 0 0 0-8 0V15l-4 1z" />,
)
export const MicIcon = icon(
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5 11a7 7 0 0 0 14 0M12 18v3" />
  </>,
)
export const ClockIcon = icon(
  <>
    <circle cx="12" cy="12" r="9" />
    <path d="M12 7v5l3 2" />
  </>,
)
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="7" />
    <path d="M16 16l5 5" />
  </>,
)
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5" />
  </>,
)
export const MoonIcon = icon(<path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" />)
export const PlayIcon = icon(<path d="M7 5l12 7-12 7z" />)
export const PauseIcon = icon(<path d="M8 5v14M16 5v14" />)
export const CheckIcon = icon(<path d="M4 12.5l5 5L20 6.5" />)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const MinusIcon = icon(<path d="M5 12h14" />)
export const ChevronIcon = icon(<path d="M6 9l6 6 6-6" />)
export const AlertIcon = icon(
  <>
    <path d="M12 3.5L2.5 20h19z" />
    <path d="M12 10v4.5M12 17.3v.1" />
  </>,
)
export const UserIcon = icon(
  <>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 21c1-4.5 4.5-6.5 8-6.5s7 2 8 6.5" />
  </>,
)
export const CupIcon = icon(
  <>
    <path d="M4 9h13v6a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5z" />
    <path d="M17 10h1.5a2.5 2.5 0 0 1 0 5H17M8 3v3M12 3v3" />
  </>,
)
export const UploadIcon = icon(<path d="M12 16V4M7 9l5-5 5 5M4 20h16" />)
export const MenuIcon = icon(<path d="M4 6h16M4 12h16M4 18h16" />)
export const DownloadIcon = icon(<path d="M12 4v12M7 11l5 5 5-5M4 20h16" />)
