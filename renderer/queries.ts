/** The cache of what the lab answered. */
import { QueryClient } from '@tanstack/react-query'

export const queries = new QueryClient({
  defaultOptions: {
    // The lab tells when a window or a run changed something. What a command in a terminal did shows when somebody looks.
    queries: { staleTime: 5000, retry: false, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
})
