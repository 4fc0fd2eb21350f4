/** Finds the NVIDIA card that tfjs-node-gpu computes on. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'

export interface Card {
  readonly name: string
  /** Bytes of its memory, in use or not. */
  readonly memory: number
}

const ANSWER_LIMIT = 10_000
const MIB = 2 ** 20

const lineSchema = z.tuple([z.string().min(1), z.coerce.number().positive()])

/** The first NVIDIA card that nvidia-smi names; null if there is none, or nvidia-smi does not answer. */
export async function findCard(): Promise<Card | null> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'],
      { timeout: ANSWER_LIMIT, killSignal: 'SIGKILL' },
    )
    const [line = ''] = stdout.trim().split('\n')
    const parsed = lineSchema.safeParse(line.split(',').map((part) => part.trim()))
    return parsed.success ? { name: parsed.data[0], memory: parsed.data[1] * MIB } : null
  } catch {
    return null
  }
}
