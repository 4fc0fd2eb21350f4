/** How busy a graphics card is, and how much of its memory is in use, by all programs. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { askNvidiaSmi, firstNamed, linesOf } from './nvidia-smi.ts'

export interface CardUse {
  readonly name: string
  /** The share of time in which it computed, 0 to 1; null where nobody tells. */
  readonly busy: number | null
  /** Bytes of its memory. */
  readonly memory: { readonly used: number; readonly total: number }
}

const MIB = 2 ** 20

/** What a card does not tell is "[N/A]". */
const lineSchema = z.tuple([
  z.string().min(1),
  z.coerce.number().min(0).max(100).nullable().catch(null),
  z.coerce.number().min(0),
  z.coerce.number().positive(),
])

/**
 * The use of the first card that nvidia-smi names, or of the one with the most memory that the driver amdgpu shows; null where nobody
 * tells. With a `name`, the first of NVIDIA's whose name has it. `root` is that of the machine's files.
 */
export async function cardUseHere(name: string | null, root = '/'): Promise<CardUse | null> {
  return (await nvidiaUse(name)) ?? amdUse(root)
}

async function nvidiaUse(name: string | null): Promise<CardUse | null> {
  return firstNamed(parseCardUse(await askNvidiaSmi(['name', 'utilization.gpu', 'memory.used', 'memory.total'])), name)
}

/** The cards in what nvidia-smi prints, a line each: name, percent, MiB in use, MiB. */
export function parseCardUse(printed: string): CardUse[] {
  return linesOf(printed, lineSchema).map(([name, busy, used, total]) => ({
    name,
    busy: busy === null ? null : busy / 100,
    memory: { used: used * MIB, total: total * MIB },
  }))
}

/** The files of the driver amdgpu: https://docs.kernel.org/gpu/amdgpu/thermal.html and driver-misc.html. */
function amdUse(root: string): CardUse | null {
  const cards = globSync(join(root, 'sys/class/drm/card*/device/mem_info_vram_total')).map((file) => ({
    busy: numberOf(file.replace(/mem_info_vram_total$/, 'gpu_busy_percent')),
    used: numberOf(file.replace(/_total$/, '_used')) ?? 0,
    total: numberOf(file) ?? 0,
  }))
  const card = cards.sort((a, b) => b.total - a.total)[0]
  if (card === undefined || card.total === 0) return null
  const { busy, used, total } = card
  return { name: 'AMD', busy: busy === null ? null : busy / 100, memory: { used, total } }
}

function numberOf(file: string): number | null {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return text === '' || Number.isNaN(Number(text)) ? null : Number(text)
  } catch {
    return null
  }
}
