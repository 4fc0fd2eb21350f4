/** Keeps reads from waiting for ever. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * Throws an Error, with what is there as its `code`, where a path leads to a named pipe or a socket: reading it would wait
 * for a writer. Pipes that a shell hands over, such as /dev/stdin and /dev/fd/63, have one.
 */
export function refusePipe(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined || !(there.isFIFO() || there.isSocket()) || /^\/(dev|proc)\//.test(resolve(path))) return
  const code = there.isFIFO() ? 'it is a pipe' : 'it is a socket'
  throw Object.assign(new Error(code), { code })
}
