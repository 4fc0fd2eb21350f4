/**
 * Kills the host of the engine on WebGPU, and nothing else, while a command trains. The command has to end with one sentence; going
 * on has to come to the bytes of a command that nobody disturbed.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT } from '../../app/commands/command.ts'
import { uniformStream } from '../../main/engine/random.ts'
import { openCampaignFolder } from '../campaign/folder.ts'
import { JOURNEY } from '../campaign/journey.ts'
import { differences, outcomeOf } from '../campaign/outcome.ts'
import { copyPlace, type Place, removePlace } from '../campaign/place.ts'
import { killProcesses, processesLeft, processesOf } from '../campaign/program.ts'
import { type Undisturbed, undisturbed } from '../campaign/undisturbed.ts'
import { makeCardLab } from '../card-lab.ts'
import type { Killed } from './kill.ts'

export interface HostCampaignOptions {
  readonly host: 'node' | 'page'
  readonly numbers: readonly number[]
  readonly seed: number
  readonly tell: (line: string) => void
  readonly onKill: (killed: Killed) => void
}

/** The commands before and those that train, which are killed by turns. */
const COMMANDS = ['golden', 'sft', 'collect', 'dpo']
const TRAINING = ['sft', 'dpo']
/** Optimiser steps of a training: enough to kill it between a checkpoint and the end. */
const STEPS = 12
/** How often another instant is chosen where the host was not at work. */
const TRIES = 10

/** Returns what came of each kill. */
export async function hostCampaign({ host, numbers, seed, tell, onKill }: HostCampaignOptions): Promise<Killed[]> {
  const folder = openCampaignFolder()
  const parent = folder.path
  try {
    const steps = JOURNEY.filter(({ name }) => COMMANDS.includes(name))
    const all = await undisturbed(steps, parent, tell, await makeCardLab(parent, host, STEPS))
    const targets = all.filter(({ step }) => TRAINING.includes(step.name))
    const results: Killed[] = []
    for (const number of numbers) {
      const killed = await killHost(targets[number % targets.length]!, host, number, seed, parent)
      results.push(killed)
      onKill(killed)
    }
    return results
  } finally {
    folder.close(false)
  }
}

async function killHost(
  { before, known, outcome, seconds, step }: Undisturbed,
  host: 'node' | 'page',
  number: number,
  seed: number,
  parent: string,
): Promise<Killed> {
  const random = uniformStream(1_000_003 * seed + number)
  const began = performance.now()
  for (let tries = 1; ; tries++) {
    const place = copyPlace(before, parent)
    const { program } = step.start(place, known)!
    const delay = 1000 * seconds * random()
    const over = await Promise.race([pause(delay, false), program.ended.then(() => true)])
    const victims = over ? [] : hostsOf(place, host)
    const victim = victims[Math.floor(random() * victims.length)]
    if (victim === undefined && tries < TRIES) {
      program.signal('SIGKILL')
      await program.ended
      killProcesses(place)
      removePlace(place)
      continue
    }
    if (victim !== undefined) process.kill(victim.pid, 'SIGKILL')
    const { code, err } = await program.ended
    const lost = code === 0 || victim === undefined ? [] : told(code, err)
    const running = await processesLeft(place)
    // It may have been at its end when its host was killed.
    const failure = (await step.start(place, known)?.failure) ?? null
    if (failure !== null) lost.push(failure)
    running.push(...(await processesLeft(place)))
    const differing = differences(outcome, outcomeOf(place))
    const left = running.map(({ command }) => `process ${command}`)
    killProcesses(place)
    removePlace(place)
    const how = code === 0 ? 'it ended well all the same' : sentence(err)
    const where = [`${victim?.kind ?? 'nothing'} killed after ${(delay / 1000).toFixed(1)} s: ${how}`]
    return {
      number,
      step: step.name,
      kind: 'instant',
      where,
      lost: [...lost, ...differing],
      left,
      seconds: (performance.now() - began) / 1000,
    }
  }
}

/** What is wrong with how a command ended whose host was killed. */
function told(code: number | null, err: string): string[] {
  const wrong = code === EXIT.failed || code === EXIT.mendable ? [] : [`exit ${code}`]
  return /^\s+at /m.test(err) || sentence(err) === '' ? [...wrong, `no sentence but: ${err}`] : wrong
}

/** The last line that a command said, beside Node's warnings. */
function sentence(err: string): string {
  const lines = err
    .split('\n')
    .filter((line) => line.trim() !== '' && !/ExperimentalWarning|--trace-warnings/.test(line))
  return lines.at(-1) ?? ''
}

/** Processes in which the engine of a place computes: that of Node; the browser of the page, or its process for the card. */
function hostsOf(place: Place, host: 'node' | 'page'): { readonly pid: number; readonly kind: string }[] {
  const processes = processesOf(place)
  if (host === 'node') {
    const own = processes.filter(({ command }) => command.includes('engine/host/node-program'))
    return own.map(({ pid }) => ({ pid, kind: 'the process' }))
  }
  // The flag stands in the browser's command line alone. Its folder stands in those of its processes too.
  return processes
    .filter(({ command }) => command.includes('--use-webgpu-adapter=swiftshader'))
    .flatMap(({ pid, command }) => {
      const [folder] = /--user-data-dir=\S+/.exec(command)!
      const card = processes.filter((one) => one.command.includes('--type=gpu-process') && one.command.includes(folder))
      return [{ pid, kind: 'the browser' }, ...card.map((one) => ({ pid: one.pid, kind: 'gpu-process' }))]
    })
}
