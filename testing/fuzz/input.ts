/** One input: the files of a kind, one of them mutated, read by the lab. */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../main/messages/error.ts'
import { diceOf } from './dice.ts'
import { mutateFile } from './file-mutation.ts'
import type { Kind, Target } from './kind.ts'

/** How the lab took an input. 'unclear' is a sentence that a user cannot understand. */
export type Verdict = 'taken' | 'told' | 'unclear' | 'stack'

export interface Read {
  readonly verdict: Verdict
  readonly file: string
  /** What the lab said; empty where it took the input. */
  readonly text: string
}

/** Words of a programming language in a sentence for people. */
const UNCLEAR = /\[object \w+\]|\{\{\w+\}\}|^\s+at |\w\.\w+ is not a function|Cannot (read|convert)|SQLITE_/m

/** Whole files of a kind, kept to be copied for every input. */
export interface Prepared {
  readonly kind: Kind
  readonly name: string
  readonly targets: readonly Target[]
  readonly whole: string
  /** The files are always read in this folder: some of them name it. */
  readonly folder: string
}

export async function prepare(name: string, kind: Kind, parent: string): Promise<Prepared> {
  const folder = join(parent, name)
  const whole = join(parent, `${name}-whole`)
  mkdirSync(folder, { recursive: true })
  const targets = await kind.prepare(folder)
  cpSync(folder, whole, { recursive: true, verbatimSymlinks: true })
  return { kind, name, targets, whole, folder }
}

/** Mutates and reads input `number`. */
export async function readInput(prepared: Prepared, seed: number, number: number): Promise<Read> {
  const { kind, name, targets, whole, folder } = prepared
  for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true, force: true })
  cpSync(whole, folder, { recursive: true, verbatimSymlinks: true })
  const dice = diceOf(seed, name, number)
  const { file, form } = dice.pick(targets)
  mutateFile(join(folder, file), form, dice)
  try {
    await kind.load(folder)
    return { verdict: 'taken', file, text: '' }
  } catch (error) {
    if (!(error instanceof UserError)) {
      return { verdict: 'stack', file, text: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    return { verdict: UNCLEAR.test(error.message) ? 'unclear' : 'told', file, text: error.message }
  }
}
