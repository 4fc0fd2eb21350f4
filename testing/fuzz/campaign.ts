/** Reads many inputs in worker processes, and ends those that crash, hang or eat memory. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectPath } from '../../main/files/paths.ts'
import type { Verdict } from './input.ts'
import type { Batch, InputName, Told } from './worker.ts'

/** An input that was read, or that ended its process. */
export interface Result extends InputName {
  readonly verdict: Verdict | 'crash' | 'hang' | 'memory'
  readonly file: string
  readonly text: string
}

export interface FuzzOptions {
  /** The inputs of each kind have the numbers from 1 on; a kind, a seed and a number give one input. */
  readonly inputs: readonly InputName[]
  readonly seed: number
  readonly jobs: number
  /** Most processor time for one input, in seconds: on a busy machine everything takes longer. */
  readonly limit: number
  readonly onResult?: (result: Result) => void
}

const BATCH = 100
/** Most memory of a worker. Whole inputs are read with a quarter of that. */
const MEMORY = 1.5e9
/** Longest time for one input, in seconds: one that waits takes no processor time. */
const WAIT = 180
const HEAP = '--max-old-space-size=1024'

/** `count` inputs, shared out among the kinds. */
export function inputsOf(kinds: readonly string[], count: number): InputName[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: kinds[at % kinds.length] as string,
    number: 1 + Math.floor(at / kinds.length),
  }))
}

export async function fuzz({ inputs, seed, jobs, limit, onResult = () => {} }: FuzzOptions): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'dpo-driver-fuzz-'))
  const results: Result[] = []
  const keep = (result: Result) => {
    results.push(result)
    onResult(result)
  }
  // Inputs of one kind together, so that a worker prepares few kinds.
  const queue = batches([...Map.groupBy(inputs, ({ kind }) => kind).values()].flat())
  const work = async (job: number) => {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      for (let rest: readonly InputName[] = batch; rest.length > 0; )
        rest = await readBatch({ seed, inputs: rest }, join(folder, `${job}`), limit, keep)
    }
  }
  try {
    await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return results
}

function batches(inputs: readonly InputName[]): InputName[][] {
  const parts: InputName[][] = []
  for (let at = 0; at < inputs.length; at += BATCH) parts.push(inputs.slice(at, at + BATCH))
  return parts
}

/** Reads a batch in a process of its own. Returns the inputs that are left where one of them ended the process. */
async function readBatch(
  batch: Batch,
  folder: string,
  limit: number,
  keep: (result: Result) => void,
): Promise<readonly InputName[]> {
  mkdirSync(folder, { recursive: true })
  const worker = fork(projectPath('testing/fuzz/worker.ts'), [], {
    execArgv: [HEAP],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, DPO_DRIVER_HOME: folder, TMPDIR: folder, HF_HUB_OFFLINE: '1', HF_HOME: folder },
  })
  let err = ''
  worker.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err = (err + text).slice(-4000)
  })
  const done = new Set<string>()
  let current: InputName | null = null
  let why: 'crash' | 'hang' | 'memory' = 'crash'
  const end = (reason: 'hang' | 'memory') => {
    why = reason
    worker.kill('SIGKILL')
  }
  let began = 0
  let timer = setTimeout(() => end('hang'), 1000 * WAIT)
  const watch = setInterval(() => {
    if (current === null) return
    if (memoryOf(worker) > MEMORY) end('memory')
    else if (processorSeconds(worker) - began > limit) end('hang')
  }, 100)
  worker.on('message', (told: Told) => {
    clearTimeout(timer)
    switch (told.event) {
      case 'prepared':
        break
      case 'begin':
        current = told.input
        began = processorSeconds(worker)
        timer = setTimeout(() => end('hang'), 1000 * WAIT)
        break
      case 'end':
        current = null
        done.add(nameOf(told.input))
        keep({ ...told.input, ...told.read })
        break
      case 'done':
        worker.kill()
    }
  })
  worker.send(batch)
  await new Promise((resolve) => worker.once('close', resolve))
  clearTimeout(timer)
  clearInterval(watch)
  rmSync(folder, { recursive: true, force: true })
  const broken = current as InputName | null
  if (broken !== null) {
    done.add(nameOf(broken))
    keep({ ...broken, verdict: why, file: '', text: err })
  } else if (done.size < batch.inputs.length) {
    throw new Error(`a worker ended before its first input: ${err}`)
  }
  return batch.inputs.filter((input) => !done.has(nameOf(input)))
}

function nameOf({ kind, number }: InputName): string {
  return `${kind} ${number}`
}

/** Processor time that a process has taken; 0 where it has ended. */
function processorSeconds({ pid }: ChildProcess): number {
  try {
    // The name is in brackets and may have blanks; times are in hundredths of a second.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

/** Resident memory of a process in bytes; 0 where it has ended or the system does not tell. */
function memoryOf({ pid }: ChildProcess): number {
  try {
    const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')
    return 4096 * Number(pages)
  } catch {
    return 0
  }
}
