/** The cache of the lab's answers. */
import { QueryClient } from '@tanstack/react-query'

export const queries = new QueryClient({
  defaultOptions: {
    // The lab reports changes by windows and runs. Changes by a command in a terminal show when the window gets the
    // focus.
    queries: { staleTime: 5000, retry: false, refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
})
