/** Finds out why a page cannot be played, so that who wrote it is told in a sentence. */
import { isAscii } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { EnvironmentFault } from '../chromium/fault.ts'
import type { Task } from './tasks.ts'

/** Runs in the page once it is loaded. */
export const ASK_PAGE = `({
  core: typeof core,
  lacks: [
    ...['getUtterance', 'startEpisodeReal', 'endEpisode'].filter((name) => typeof globalThis.core?.[name] !== 'function').map((name) => 'core.' + name),
    ...(typeof Math.seedrandom === 'function' ? [] : ['Math.seedrandom']),
    ...(typeof genProblem === 'function' ? [] : ['genProblem']),
    ...(document.getElementById('query') === null ? ['#query'] : []),
  ],
  encoding: document.characterSet,
  declared: document.querySelector('meta[charset], meta[http-equiv="content-type" i]') !== null,
})`

const answer = z.object({
  core: z.string(),
  lacks: z.array(z.string().max(40)).max(10),
  encoding: z.string().max(40),
  declared: z.boolean(),
})

/** What went wrong while a page was loaded: files that it did not get, and errors of its scripts. */
export interface Mishaps {
  readonly files: ReadonlySet<string>
  readonly errors: readonly string[]
}

/** The page's flaw; undefined where it can be played. `told` is its answer to ASK_PAGE. */
export function flawOf(task: Task, told: unknown, mishaps: Mishaps): EnvironmentFault | undefined {
  const { core, lacks, encoding, declared } = answer.parse(told)
  if (core !== 'object') return causeOf(mishaps) ?? new EnvironmentFault('pageWithoutCore')
  if (lacks.length > 0) return causeOf(mishaps) ?? new EnvironmentFault('pageLacks', { parts: lacks })
  if (task.source === 'user' && !isRead(task, encoding, declared)) return new EnvironmentFault('pageWrongEncoding')
  return undefined
}

/** The fault for a page whose problem did not start with this error. */
export function startFault(error: string, mishaps: Mishaps): EnvironmentFault {
  return causeOf(mishaps) ?? new EnvironmentFault('pageScriptFailed', { error })
}

function causeOf({ files, errors }: Mishaps): EnvironmentFault | undefined {
  if (files.size > 0) return new EnvironmentFault('pageWithoutFiles', { files: [...files].slice(0, 3) })
  const [error] = errors
  return error === undefined ? undefined : new EnvironmentFault('pageScriptFailed', { error })
}

/** Whether the browser reads the letters of the page's file as they were written. */
function isRead(task: Task, encoding: string, declared: boolean): boolean {
  const bytes = task.draft === undefined ? readFileSync(fileURLToPath(task.url)) : Buffer.from(task.draft)
  if (isAscii(bytes)) return true
  // Without a declaration the browser guesses.
  if (!declared && encoding !== 'UTF-8') return false
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}
