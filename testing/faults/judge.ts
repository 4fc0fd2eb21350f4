/** Judges a command that had a fault: it does its work, or says in a sentence why not, and goes on later to the same end. */
import { differences, type Outcome, outcomeOf } from '../campaign/outcome.ts'
import type { Place } from '../campaign/place.ts'
import { type Ended, killProcesses, processesLeft, startProgram } from '../campaign/program.ts'
import type { Undisturbed } from '../campaign/undisturbed.ts'

/** What is wrong with the way a command ended; empty for exit 0, or another code and a sentence. */
export function endingFaults({ code, err }: Ended): string[] {
  if (code === 0) return []
  if (code === null) return ['ended by a signal']
  if (/^\s+at .*[:(]/m.test(err)) return [`exit ${code} with a stack: ${err.trim().slice(0, 300)}`]
  return err.trim() === '' ? [`exit ${code} without a word`] : []
}

/** How a command ended, in words. */
export function ending({ code, err, seconds }: Ended): string {
  const lines = err.trim().split('\n')
  const said = lines.find((line) => !/^(Stopped|To continue|Setting up)/.test(line)) ?? ''
  return `exit ${code} after ${seconds.toFixed(0)} s${code === 0 ? '' : `: ${said.slice(0, 160)}`}`
}

/**
 * Goes on with a step that ended in this way, without the fault, and compares with the undisturbed step. Returns what is
 * wrong.
 */
export async function goOn(done: Undisturbed, place: Place, ended: Ended): Promise<string[]> {
  const wrong = [...endingFaults(ended), ...(await stillThere(place))]
  const attempt = ended.code === 0 ? null : done.step.start(place, done.known)
  // Where the step was done, the next start of the lab, whatever it is for, tells MLflow what a fault kept from it.
  const failure = attempt === null ? endingFaults(await startProgram(place, ['verify']).ended) : await attempt.failure
  if (failure !== null && failure.length > 0) wrong.push(`goes on with ${String(failure).slice(0, 300)}`)
  wrong.push(...(await stillThere(place)))
  return [...wrong, ...compared(done.outcome, place)]
}

/** What differs from an outcome. */
export function compared(outcome: Outcome, place: Place): string[] {
  return differences(outcome, outcomeOf(place))
}

/** Processes that are left after some seconds. They are killed. */
export async function stillThere(place: Place): Promise<string[]> {
  const left = await processesLeft(place)
  killProcesses(place)
  return left.map(({ command }) => `left behind: ${command}`)
}
