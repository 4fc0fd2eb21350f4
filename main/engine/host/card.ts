/** Finds how much memory a graphics card has, which WebGPU does not tell. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { memoryHere } from '../machine.ts'
import { type AdapterWish, SOFTWARE } from './adapter.ts'
import { askNvidiaSmi, firstNamed, linesOf } from './nvidia-smi.ts'

export interface Card {
  readonly name: string
  /** Bytes of its memory, in use or not. */
  readonly memory: number
}

const MIB = 2 ** 20

const lineSchema = z.tuple([z.string().min(1), z.coerce.number().positive()])

/**
 * The card that a wish means, with its memory: of NVIDIA's cards nvidia-smi tells it, of AMD's the kernel of Linux. Apple's
 * share the machine's memory, of which half is counted. Of a software adapter it is the machine's. null where nobody tells.
 */
export function cardOf({ name }: Pick<AdapterWish, 'name'>): Promise<Card | null> {
  const key = name ?? ''
  const known = KNOWN.get(key) ?? lookUp(name)
  KNOWN.set(key, known)
  return known
}

/** A machine's cards do not change while the lab runs. */
const KNOWN = new Map<string, Promise<Card | null>>()

async function lookUp(name: string | null): Promise<Card | null> {
  if (name === SOFTWARE) return { name, memory: memoryHere().total }
  if (process.platform === 'darwin') return { name: name ?? 'Apple', memory: memoryHere().total / 2 }
  return findAnyCard('/', name)
}

/**
 * The first card that nvidia-smi names, or that the driver amdgpu shows; null if there is none. `root` is that of its files;
 * with a `name`, the first of NVIDIA's whose name has it.
 */
export async function findAnyCard(root = '/', name: string | null = null): Promise<Card | null> {
  return (await findCard(name)) ?? findAmd(root)
}

/** The first NVIDIA card that nvidia-smi names; null if there is none, or nvidia-smi does not answer. */
export async function findCard(name: string | null = null): Promise<Card | null> {
  return firstNamed(parseCards(await askNvidiaSmi(['name', 'memory.total'])), name)
}

/** The cards in what nvidia-smi prints, a line each: name, MiB. */
export function parseCards(printed: string): Card[] {
  return linesOf(printed, lineSchema).map(([name, memory]) => ({ name, memory: memory * MIB }))
}

/** The kernel shows the memory of AMD's cards in a file of each, and no name. */
function findAmd(root: string): Card | null {
  const sizes = globSync(join(root, 'sys/class/drm/card*/device/mem_info_vram_total')).map((file) =>
    Number(readFileSync(file, 'utf8')),
  )
  const memory = Math.max(0, ...sizes)
  return memory > 0 ? { name: 'AMD', memory } : null
}
