/** Finds how much memory the graphics card has, which WebGPU does not tell. */
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** The first card that nvidia-smi names, or that the driver amdgpu shows; null if there is none. `root` is that of its files. */
export async function findAnyCard(root = '/'): Promise<Card | null> {
  return (await findCard()) ?? findAmd(root)
}

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

/** The kernel shows the memory of AMD's cards in a file of each, and no name. */
function findAmd(root: string): Card | null {
  const sizes = globSync(join(root, 'sys/class/drm/card*/device/mem_info_vram_total')).map((file) =>
    Number(readFileSync(file, 'utf8')),
  )
  const memory = Math.max(0, ...sizes)
  return memory > 0 ? { name: 'AMD', memory } : null
}
