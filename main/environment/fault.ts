/**
 * The browser's or the page's doing, not the agent's: a crash, a hang, the time limit. The episode in which it happens
 * is kept and shown, but never paired and never counted.
 */
export class EnvironmentFault extends Error {
  override readonly name = 'EnvironmentFault'
}

/** Settles as `work` does, or rejects with an EnvironmentFault saying `what` once `limit` milliseconds have passed. */
export async function within<T>(limit: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EnvironmentFault(`${what} took longer than ${limit} ms`)), limit)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    // The loser may still fail later, when the page is closed under it.
    work.catch(() => {})
  }
}
