/** Kills a step, once or twice, goes on with it to its end, and compares what is there with the undisturbed step. */
import { setTimeout as pause } from 'node:timers/promises'
import { uniformStream } from '../../main/engine/random.ts'
import { differences, outcomeOf } from '../campaign/outcome.ts'
import { copyPlace, type Place, removePlace } from '../campaign/place.ts'
import { killProcesses, processesLeft, startProgram } from '../campaign/program.ts'
import type { Undisturbed } from '../campaign/undisturbed.ts'
import { chooseInstant, describe, type Instant } from './instant.ts'

/** What came of a step that was killed. */
export interface Killed {
  readonly number: number
  readonly step: string
  readonly kind: Instant['kind']
  /** Where it was killed, in words; twice where the resumed step was killed as well. */
  readonly where: readonly string[]
  /** What differs from the undisturbed step; empty where nothing does. */
  readonly lost: readonly string[]
  /** Processes and temporary files that are left. */
  readonly left: readonly string[]
  readonly seconds: number
}

/** Longest time for a step, as a multiple of its undisturbed time. */
const PATIENCE = 20
/** How often the resumed step is killed as well. */
const TWICE = 0.25
/** How often another instant is chosen where the step ended before it. */
const TRIES = 5

/** `number` chooses the instants, so that a kill can be repeated. `keep` keeps the place of a kill that lost something. */
export async function killStep(
  done: Undisturbed,
  number: number,
  options: { readonly seed: number; readonly parent: string; readonly keep: boolean },
): Promise<Killed> {
  const random = uniformStream(1_000_003 * options.seed + number)
  const began = performance.now()
  for (let tries = 1; ; tries++) {
    const place = copyPlace(done.before, options.parent)
    const instant = chooseInstant(done.calls, random)
    const where: string[] = []
    const told = await interrupt(done, place, instant)
    if (told.killed) where.push(describe(instant))
    else if (tries < TRIES && told.failure === null) {
      removePlace(place)
      continue
    }
    const running = await stillRunning(place)
    if (random() < TWICE && told.killed) {
      const second = chooseInstant(done.calls, random)
      if ((await interrupt(done, place, second)).killed) where.push(describe(second))
      running.push(...(await stillRunning(place)))
    }
    const failure = told.killed ? await goOn(done, place) : told.failure
    running.push(...(await stillRunning(place)))
    const differing = differences(done.outcome, outcomeOf(place))
    const isFile = (line: string) => /^(temporary )?files: /.test(line)
    const lost = [...(failure === null ? [] : [failure]), ...differing.filter((line) => !isFile(line))]
    const left = [...running, ...differing.filter(isFile)]
    if (!options.keep || lost.length + left.length === 0) removePlace(place)
    else where.push(`kept in ${place.folder}`)
    const seconds = (performance.now() - began) / 1000
    return { number, step: done.step.name, kind: instant.kind, where, lost, left, seconds }
  }
}

/** Starts or resumes the step and kills it. `killed` is false where it ended before. */
async function interrupt(
  { step, known, seconds }: Undisturbed,
  place: Place,
  { interruption, delay }: Instant,
): Promise<{ readonly killed: boolean; readonly failure: string | null }> {
  const attempt = step.start(place, known, { trace: null, interruption })
  if (attempt === null) return { killed: false, failure: null }
  const { program, failure } = attempt
  const late = new AbortController()
  const hang = pause(limitOf(seconds), undefined, { signal: late.signal })
    .then(() => program.signal('SIGKILL'))
    .catch(() => {})
  const kill = async () => {
    if (interruption !== null) await program.told
    await pause(delay ?? 0)
    program.signal('SIGKILL')
  }
  if (delay !== null) kill().catch(() => {})
  const { code } = await program.ended
  late.abort()
  await hang
  return code === null ? { killed: true, failure: null } : { killed: false, failure: await failure }
}

/** Goes on with the step to its end. Returns why it failed; null where it did not. */
async function goOn({ step, known, seconds }: Undisturbed, place: Place): Promise<string | null> {
  const attempt = step.start(place, known)
  if (attempt === null) {
    // The step was done when it was killed. The next start of the lab, whatever it is for, cleans up.
    const { code, err } = await startProgram(place, ['verify']).ended
    return code === 0 ? null : `verify: exit ${code}: ${err}`
  }
  const late = new AbortController()
  const limit = limitOf(seconds)
  const hang = pause(limit, `no end after ${limit / 1000} s`, { signal: late.signal }).catch(() => null)
  const failure = await Promise.race([attempt.failure, hang])
  late.abort()
  attempt.program.signal('SIGKILL')
  return failure
}

function limitOf(seconds: number): number {
  return 1000 * Math.max(60, PATIENCE * seconds)
}

/** Kills the processes that are still there, and says which they were. */
async function stillRunning(place: Place): Promise<string[]> {
  const left = await processesLeft(place)
  killProcesses(place)
  return left.map(({ command }) => `process ${command}`)
}
