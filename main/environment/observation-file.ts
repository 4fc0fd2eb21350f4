/** Reads what the agent sees of a page that a file has: HTML, or an observation in JSON. */
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { EnvironmentFault } from '../chromium/fault.ts'
import { demand, dotted } from '../config/demand.ts'
import { refusePipe } from '../files/read.ts'
import { UserError } from '../messages/error.ts'
import type { Environment } from './environment.ts'
import type { Observation } from './observation.ts'
import { observationSchema } from './observe.ts'
import { pageOfFile } from './tasks.ts'

/** Largest file in JSON, in bytes: a page with all elements and texts that the schema allows is smaller. */
const LIMIT = 64 << 20

/** A page, and the earlier actions as the agent wrote them; none where the file does not say. */
export interface ReadPage {
  readonly observation: Observation
  readonly done: readonly string[]
}

const stepSchema = z.object({ observation: observationSchema, done: z.array(z.string()).default([]) })

/**
 * The page of a file. HTML is opened on a page of the environment; its instruction is ''. Throws UserError where
 * the file cannot be read or is neither.
 */
export async function readObservation(file: string, environment: Pick<Environment, 'use'>): Promise<ReadPage> {
  refuseUnreadable(file)
  if (!/\.x?html?$/i.test(file)) return parseObservation(readFileSync(file, 'utf8'), file)
  const page = pageOfFile(file)
  try {
    return { observation: await environment.use(page, (session) => session.read(page)), done: [] }
  } catch (error) {
    if (!(error instanceof EnvironmentFault)) throw error
    throw new UserError('pageNotOpened', { file, why: error.fault })
  }
}

/** Reads an observation, or a step that has one. Throws UserError with what is wrong. */
export function parseObservation(text: string, file: string): ReadPage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UserError('pageNotJson', { file })
  }
  const isStep = typeof value === 'object' && value !== null && 'observation' in value
  const read = stepSchema.safeParse(isStep ? value : { observation: value }, { reportInput: true })
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  if (issue.path.length <= 1) throw new UserError('pageNotJson', { file })
  throw new UserError('pageKeyWrong', { file, key: dotted(issue.path as (string | number)[]), demand: demand(issue) })
}

function refuseUnreadable(file: string): void {
  try {
    refusePipe(file)
    const there = statSync(file)
    if (there.isDirectory()) throw new UserError('pageFileMissing', { file })
    if (there.size > LIMIT) throw new UserError('pageFileTooLarge', { file, limit: LIMIT >> 20 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw code === 'ENOENT'
      ? new UserError('pageFileMissing', { file })
      : new UserError('dataUnreadable', { path: file, code })
  }
}
