/** The journey without a kill: what a killed one must come to, and the calls at which it can be killed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Step } from './journey.ts'
import type { Traced } from './orders.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { copyPlace, makePlace, type Place } from './place.ts'
import { processesLeft } from './program.ts'
import { latestRunOfAll } from './stored.ts'

/** A step that was done without a kill. */
export interface Undisturbed {
  readonly step: Step
  /** The place before the step. */
  readonly before: Place
  /** The number of the latest run before the step; 0 where there is none. */
  readonly known: number
  readonly outcome: Outcome
  /** The step's calls, in their order. */
  readonly calls: readonly Traced[]
  readonly seconds: number
}

/** Does the steps in order, by default in a new place. Throws where one fails or leaves something behind. */
export async function undisturbed(
  steps: readonly Step[],
  parent: string,
  tell: (line: string) => void,
  place: Place = makePlace(parent),
): Promise<Undisturbed[]> {
  const done: Undisturbed[] = []
  for (const step of steps) {
    step.prepare?.(place)
    const before = copyPlace(place, parent)
    const known = latestRunOfAll(join(place.home, 'data/lab.sqlite'))
    const trace = join(place.folder, `${step.name}.json`)
    const began = performance.now()
    const failure = await step.start(place, known, { trace, interruption: null })?.failure
    const seconds = (performance.now() - began) / 1000
    if (failure !== null) throw new Error(`${step.name} fails without a kill: ${failure}`)
    const left = await processesLeft(place)
    if (left.length > 0) throw new Error(`${step.name} leaves ${left[0]?.command} behind`)
    const calls = JSON.parse(readFileSync(trace, 'utf8')) as Traced[]
    done.push({ step, before, known, outcome: outcomeOf(place), calls, seconds })
    tell(`${step.name}: ${seconds.toFixed(1)} s and ${calls.length} calls without a kill`)
  }
  return done
}
