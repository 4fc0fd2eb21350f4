/** The cache of what the lab answered. */
import { QueryClient } from '@tanstack/react-query'

export const queries = new QueryClient({
  defaultOptions: {
    // The lab tells when something changed; what is shown is not asked for again without a reason.
    queries: { staleTime: 5000, retry: false, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
})
