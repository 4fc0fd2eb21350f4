/** Others who use the store, or the folders, at the same time. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { removePlace } from '../../campaign/place.ts'
import { startProgram } from '../../campaign/program.ts'
import type { Fault } from '../fault.ts'
import { compared, ending, endingFaults, goOn, stillThere } from '../judge.ts'
import { stepOf } from './disk.ts'

/** A command in the middle of its work: some attempts have ended. */
const AT_WORK = /"event":"progress","stage":"collect"[^\n]*"done":[1-9]/

/** Another program has a write lock on the store. */
const locked: Fault = {
  name: 'store locked by another program',
  must: 'goes on when the lock is gone, or a sentence; the same end',
  async inject(ground) {
    const done = stepOf(ground, 'collect')
    const place = ground.place('collect')
    const program = startProgram(place, ['collect', '--json'])
    await program.line(AT_WORK)
    const other = new DatabaseSync(join(place.home, 'data/lab.sqlite'), { timeout: 5000 })
    other.exec('BEGIN IMMEDIATE')
    await pause(1000 * ground.pause)
    other.exec('ROLLBACK')
    other.close()
    const ended = await program.ended
    const wrong = await goOn(done, place, ended)
    removePlace(place)
    return { seen: ending(ended), wrong }
  },
}

const twoLabs: Fault = {
  name: 'two labs on one store',
  must: 'the second is refused in a sentence; the first is not disturbed',
  async inject(ground) {
    const done = stepOf(ground, 'collect')
    const place = ground.place('collect')
    const first = startProgram(place, ['collect', '--json'])
    await first.line(AT_WORK)
    const others = [['collect'], ['delete', String(done.known + 1)]]
    // At the same time, so that the first is still at work.
    const ended = await Promise.all(others.map((args) => startProgram(place, args).ended))
    const name = (at: number) => others[at]?.join(' ')
    const seen = ended.map((one, at) => `${name(at)}: ${ending(one)}`)
    const wrong = ended.flatMap((one, at) => [
      ...(one.code === 0 ? [`${name(at)} is not refused`] : []),
      ...endingFaults(one),
    ])
    wrong.push(...(await goOn(done, place, await first.ended)))
    removePlace(place)
    return { seen: seen.join(' | '), wrong }
  },
}

const twoPipelines: Fault = {
  name: 'two stores, the same folders',
  must: 'the second is refused in a sentence; the first is not disturbed',
  async inject(ground) {
    const done = stepOf(ground, 'sft')
    const place = ground.place('sft')
    const first = startProgram(place, ['sft', '--json'])
    await first.line(/"stage":"sft".*"status":"running"|"event":"progress","stage":"sft"/)
    const second = await startProgram(place, ['sft', '--set', 'paths.store=other.sqlite']).ended
    const wrong = [...(second.code === 0 ? ['the second is not refused'] : []), ...endingFaults(second)]
    const ended = await first.ended
    wrong.push(...endingFaults(ended), ...(await stillThere(place)))
    // The second has a store of its own; nothing else of it may be there.
    const isOthers = (line: string) => /^files: \d+ lines more, such as (data\/)?other\.sqlite/.test(line)
    wrong.push(...compared(done.outcome, place).filter((line) => !isOthers(line)))
    removePlace(place)
    return { seen: `${ending(ended)}; the second: ${ending(second)}`, wrong }
  },
}

export const STORE: readonly Fault[] = [locked, twoLabs, twoPipelines]
