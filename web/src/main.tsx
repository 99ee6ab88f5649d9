import { MutationCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { loadCompany } from './api/company'
import { ApiError } from './api/error'
import { auth } from './auth/session'
import { errorText, setLanguage, startI18n } from './i18n/i18n'
import { setTheme } from './lib/theme'
import { router } from './routes/router'
import { toast } from './ui/toast'
import './index.css'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the server refused stays refused; a lost line is tried again.
      retry: (count, error) => error instanceof ApiError && error.offline && count < 3,
    },
  },
  // A mutation that shows its own error says so with `meta: { quiet: true }`.
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (!mutation.meta?.quiet) toast(errorText(error), 'bad')
    },
  }),
})

// Someone logged in on this device: their language and theme.
let known = auth.get().user?.id
auth.subscribe(() => {
  const { user } = auth.get()
  if (user && user.id !== known) {
    void setLanguage(user.language)
    setTheme(user.theme)
  }
  known = user?.id
})

await Promise.all([startI18n(), loadCompany()])
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
}
