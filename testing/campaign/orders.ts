/** What a campaign orders a program to do at one of its calls to the file system or to SQLite. `preload.ts` obeys. */

/** The calls that change something on the disk. 'store' are SQLite's statements. */
export const CALLS = ['write', 'fsync', 'rename', 'remove', 'mkdir', 'store'] as const
export type Call = (typeof CALLS)[number]

export interface Interruption {
  /** Only these calls are counted. */
  readonly calls: readonly Call[]
  /** The call at which it happens; the first is 1. */
  readonly number: number
  /**
   * 'before', 'half' and 'after' kill the process group around that call; 'half' of a write, and before any other call.
   * 'tell' writes a byte to file descriptor 3. 'fail' makes this call and all later ones fail with `code`.
   */
  readonly how: 'before' | 'half' | 'after' | 'tell' | 'fail'
  readonly code?: 'ENOSPC' | 'EIO' | 'EFBIG' | 'EDQUOT'
}

export interface Orders {
  /** File to which the program writes its calls when it ends; null for none. */
  readonly trace: string | null
  readonly interruption: Interruption | null
}

/** A call, and the milliseconds since the program's start. */
export type Traced = readonly [call: Call, at: number]

/** The environment variable with the orders, in JSON. */
export const ORDERS = 'DPO_DRIVER_CAMPAIGN'
