/** Measures the machine's peak speed, with a small program compiled for it. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Peak } from './limit.ts'

const run = promisify(execFile)
const FLAGS = ['-O3', '-march=native', '-ffp-contract=fast', '-pthread']

const peakSchema = z.object({ flops: z.number().positive(), bytes: z.number().positive() })

/** The machine's peak with `threads` threads that read `bytes` of weights repeatedly; null without a C++ compiler. */
export async function measurePeak(threads: number, bytes: number): Promise<Peak | null> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-peak-'))
  try {
    const program = join(folder, 'peak')
    await run('c++', [...FLAGS, join(import.meta.dirname, 'peak.cc'), '-o', program], { timeout: 60_000 })
    const { stdout } = await run(program, [String(threads), String(bytes)], { timeout: 60_000 })
    return peakSchema.parse(JSON.parse(stdout))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
