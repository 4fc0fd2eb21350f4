/** A process that reads inputs one after another. It is told which over IPC, and tells when it begins and ends one. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Prepared, prepare, type Read, readInput } from './input.ts'
import { KINDS } from './kinds.ts'

/** An input by the name of its kind and its number. */
export interface InputName {
  readonly kind: string
  readonly number: number
}

export interface Batch {
  readonly seed: number
  readonly inputs: readonly InputName[]
}

export type Told =
  | { readonly event: 'prepared' }
  | { readonly event: 'begin'; readonly input: InputName }
  | { readonly event: 'end'; readonly input: InputName; readonly read: Read }
  | { readonly event: 'done' }

const parent = mkdtempSync(join(tmpdir(), 'fuzz-'))
const prepared = new Map<string, Prepared>()

async function preparedKind(name: string): Promise<Prepared> {
  const known = prepared.get(name)
  if (known !== undefined) return known
  const kind = KINDS[name]
  if (kind === undefined) throw new Error(`there is no kind ${name}; there are ${Object.keys(KINDS).join(', ')}`)
  const made = await prepare(name, kind, parent)
  prepared.set(name, made)
  return made
}

async function readBatch({ seed, inputs }: Batch): Promise<void> {
  const tell = (told: Told) => new Promise<void>((sent) => process.send?.(told, () => sent()))
  for (const name of new Set(inputs.map(({ kind }) => kind))) await preparedKind(name)
  await tell({ event: 'prepared' })
  for (const input of inputs) {
    // Told before it begins, so that the campaign knows which input ended this process.
    await tell({ event: 'begin', input })
    const read = await readInput(await preparedKind(input.kind), seed, input.number)
    await tell({ event: 'end', input, read })
  }
  await tell({ event: 'done' })
}

process.on('message', (batch: Batch) => {
  readBatch(batch).catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
