/** Kills the steps of the journey many times, each at another instant, several at the same time. */
import { uniformStream } from '../../main/engine/random.ts'
import { openCampaignFolder } from '../campaign/folder.ts'
import type { Step } from '../campaign/journey.ts'
import { type Undisturbed, undisturbed } from '../campaign/undisturbed.ts'
import { type Killed, killStep } from './kill.ts'

export interface CampaignOptions {
  readonly steps: readonly Step[]
  /** Names of the steps to kill; those before them are done without a kill. */
  readonly only: readonly string[]
  /** Numbers of the kills. A number and a seed give one kill. */
  readonly numbers: readonly number[]
  readonly seed: number
  /** How many labs are at work at the same time. */
  readonly jobs: number
  /** Keeps the places of kills that lost something or left something behind. */
  readonly keep: boolean
  readonly tell: (line: string) => void
  readonly onKill: (killed: Killed) => void
}

/** Returns what came of each kill. */
export async function crashCampaign(options: CampaignOptions): Promise<Killed[]> {
  const { steps, only, numbers, seed, jobs, keep, tell, onKill } = options
  const folder = openCampaignFolder()
  const parent = folder.path
  try {
    const last = steps.findLastIndex(({ name }) => only.includes(name))
    const kinds = new Set(steps.filter(({ name }) => only.includes(name)).map(({ kind }) => kind))
    const needed = steps.slice(0, last + 1).filter(({ kind }) => kinds.has(kind))
    const all = await undisturbed(needed, parent, tell)
    const targets = all.filter(({ step }) => only.includes(step.name))
    const results: Killed[] = []
    const queue = [...numbers]
    const worker = async () => {
      for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
        const killed = await killStep(targetOf(targets, seed, number), number, { seed, parent, keep })
        results.push(killed)
        onKill(killed)
      }
    }
    await Promise.all(Array.from({ length: jobs }, worker))
    return results.sort((one, other) => one.number - other.number)
  } finally {
    folder.close(keep)
  }
}

/** The step that a kill is for: each once, then by weight. */
function targetOf(targets: readonly Undisturbed[], seed: number, number: number): Undisturbed {
  const first = targets[number - 1]
  if (first !== undefined) return first
  const total = targets.reduce((sum, { step }) => sum + step.weight, 0)
  let rest = uniformStream(7_919 * seed + number)() * total
  for (const target of targets) {
    rest -= target.step.weight
    if (rest <= 0) return target
  }
  return targets.at(-1) as Undisturbed
}
