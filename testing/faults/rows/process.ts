/** Browsers that die or stop, processes that are stopped, and systems that give little. */
import { spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { type Place, removePlace } from '../../campaign/place.ts'
import { processesOf, startProgram } from '../../campaign/program.ts'
import type { Fault, Ground, Seen } from '../fault.ts'
import { ending, goOn } from '../judge.ts'
import { noMemoryGroups, openMemoryGroup } from '../memory-group.ts'
import { stepOf } from './disk.ts'

/** Some attempts have ended, so there is a browser. */
const AT_WORK = /"event":"progress","stage":"collect"[^\n]*"done":[1-9]/

function signalAll(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It has ended.
    }
  }
}

/** Without the crash handlers: those end by themselves after their browser, unless somebody has stopped them as well. */
const browsersOf = (place: Place) =>
  processesOf(place)
    .filter(
      ({ command }) => /chrom|headless/i.test(command.split(' ')[0] ?? '') && !command.includes('crashpad_handler'),
    )
    .map(({ pid }) => pid)

/** Does something to processes of `collect` while it plays, and judges its end. `disturb` returns which. */
function during(
  name: string,
  must: string,
  disturb: (place: Place, ground: Ground, pid: number) => Promise<readonly number[]>,
): Fault {
  return {
    name,
    must,
    async inject(ground) {
      const done = stepOf(ground, 'collect')
      const place = ground.place('collect')
      const program = startProgram(place, ['collect', '--json'])
      await program.line(AT_WORK)
      const disturbed = await disturb(place, ground, program.pid)
      const ended = await program.ended
      const wrong = await goOn(done, place, ended)
      if (disturbed.length === 0) wrong.push('no process was found to disturb')
      removePlace(place)
      return { seen: `${disturbed.length} processes; ${ending(ended)}`, wrong }
    },
  }
}

const killed = during('browser killed', 'another browser is started; the same end', async (place) => {
  const browsers = browsersOf(place)
  signalAll(browsers, 'SIGKILL')
  return browsers
})

const frozen = during('browser frozen for good', 'another browser is started; the same end', async (place) => {
  const browsers = browsersOf(place)
  signalAll(browsers, 'SIGSTOP')
  return browsers
})

const suspended = during('everything stopped, as by a suspend', 'goes on; the same end', async (place, ground, pid) => {
  const all = [pid, ...processesOf(place).map((one) => one.pid)]
  signalAll(all, 'SIGSTOP')
  await pause(1000 * ground.pause)
  signalAll(all, 'SIGCONT')
  return all
})

/** A limit on open files. */
const fewFiles: Fault = {
  name: 'few open files',
  must: 'a sentence that names the limit, or the same end',
  missing: () => (spawnSync('prlimit', ['--version']).status === 0 ? null : 'needs prlimit'),
  async inject(ground): Promise<Seen> {
    const done = stepOf(ground, 'collect')
    const seen: string[] = []
    const wrong: string[] = []
    for (const limit of [40, 80, 160]) {
      const place = ground.place('collect')
      const ended = await startProgram(place, ['collect'], { through: ['prlimit', `--nofile=${limit}:${limit}`] }).ended
      seen.push(`${limit}: ${ending(ended)}`)
      wrong.push(...(await goOn(done, place, ended)).map((line) => `${limit} files: ${line}`))
      removePlace(place)
    }
    return { seen: seen.join(' | '), wrong }
  },
}

/** A container's limit. */
const memory: Fault = {
  name: 'memory limit of a container',
  must: 'a sentence before the work, or the same end',
  missing: noMemoryGroups,
  async inject(ground): Promise<Seen> {
    const done = stepOf(ground, 'sft')
    const seen: string[] = []
    const wrong: string[] = []
    for (const megabytes of [150, 600]) {
      const group = openMemoryGroup(megabytes)
      const place = ground.place('sft')
      const ended = await startProgram(place, ['sft'], { through: group.through }).ended
      seen.push(`${megabytes} MB: ${ending(ended)}`)
      wrong.push(...(await goOn(done, place, ended)).map((line) => `${megabytes} MB: ${line}`))
      removePlace(place)
      await pause(200)
      group.close()
    }
    return { seen: seen.join(' | '), wrong }
  },
}

/** Ctrl-C, which is no fault, but must be as harmless as one. */
const stopped = during('Ctrl-C', 'stops; goes on to the same end', async (_place, _ground, pid) => {
  process.kill(pid, 'SIGINT')
  return [pid]
})

export const PROCESS: readonly Fault[] = [killed, frozen, suspended, stopped, fewFiles, memory]
