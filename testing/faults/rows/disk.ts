/** Disks that are full, read-only, or limited. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CALLS, type Call, type Orders } from '../../campaign/orders.ts'
import { copyPlace, filesIn, type Place, removePlace } from '../../campaign/place.ts'
import { type Ended, startProgram } from '../../campaign/program.ts'
import type { Undisturbed } from '../../campaign/undisturbed.ts'
import type { Fault, Ground, Seen } from '../fault.ts'
import { compared, ending, endingFaults, goOn, stillThere } from '../judge.ts'

/** What needs room on a disk. Removing and renaming does not. */
const NEEDS_ROOM: readonly Call[] = CALLS.filter((call) => call !== 'remove' && call !== 'rename')

/** From one call on, every call that needs room fails. */
function failing(code: 'ENOSPC' | 'EIO', step: string): Fault {
  const what = code === 'ENOSPC' ? 'disk full' : 'disk broken'
  return {
    name: `${what} in ${step}`,
    must: 'a sentence; with room again, the same end',
    async inject(ground) {
      const done = stepOf(ground, step)
      const many = done.calls.filter(([call]) => NEEDS_ROOM.includes(call)).length
      const seen = new Set<string>()
      const wrong: string[] = []
      for (let point = 0; point < ground.points; point++) {
        const number = 1 + Math.floor((point * many) / ground.points)
        const place = ground.place(step)
        const orders: Orders = { trace: null, interruption: { calls: NEEDS_ROOM, number, how: 'fail', code } }
        const attempt = done.step.start(place, done.known, orders)
        const ended = await attempt?.program.ended
        if (ended !== undefined) {
          seen.add(ending(ended).replace(/ after \d+ s/, ''))
          wrong.push(...(await goOn(done, place, ended)).map((line) => `from call ${number}: ${line}`))
        }
        removePlace(place)
      }
      return { seen: [...seen].slice(0, 3).join(' | '), wrong }
    },
  }
}

export function stepOf({ steps }: Ground, name: string): Undisturbed {
  const done = steps.get(name)
  if (done === undefined) throw new Error(`${name} was not done without a fault`)
  return done
}

/** Why a program of this kind cannot mount anything; null where it can, as root or in a user namespace. */
function noMounts(): string | null {
  const tried = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { encoding: 'utf8' })
  return tried.status === 0 ? null : 'needs mounts in a user namespace'
}

/**
 * Runs a shell script in a mount namespace of its own. `$HOME_FOLDER` is the place's home and `$LAB` a file that runs the
 * lab with its arguments. Stdout is the script's.
 */
function inNamespace(place: Place, script: string): { readonly status: number | null; readonly text: string } {
  const lab = join(place.folder, 'lab.sh')
  const cli = join(import.meta.dirname, '../../../app/cli.ts')
  writeFileSync(lab, `#!/bin/sh\nexec "${process.execPath}" "${cli}" "$@"\n`, { mode: 0o755 })
  const { status, stdout } = spawnSync('unshare', ['-Urm', 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: 300_000,
    env: {
      ...process.env,
      HOME_FOLDER: place.home,
      LAB: lab,
      DPO_DRIVER_HOME: place.home,
      TMPDIR: place.temp,
      OUT: place.folder,
    },
  })
  return { status, text: stdout }
}

/** What a script told of a command: its exit code, then what it said on stderr. */
function told(text: string, name: string): Ended {
  const [, code = '', err = ''] = new RegExp(`${name} (\\d+)\\n([^]*?)\\n?END`).exec(text) ?? []
  return { code: code === '' ? null : Number(code), out: '', err, seconds: 0 }
}

/** A disk of a few megabytes, of which so many kilobytes are free. SQLite's own writes fail as well. */
const smallDisk: Fault = {
  name: 'small disk in collect',
  must: 'a sentence; with room again, the same end',
  missing: noMounts,
  async inject(ground) {
    const done = stepOf(ground, 'collect')
    const seen = new Set<string>()
    const wrong: string[] = []
    for (const room of [0, 24, 96, 384]) {
      const place = ground.place('collect')
      const kept = copyPlace(place, place.folder)
      const script = `
        mount -t tmpfs -o size=512m none "$HOME_FOLDER" && cp -a "${kept.home}/." "$HOME_FOLDER" && cd "$HOME_FOLDER" || exit 9
        used=$(df --output=used "$HOME_FOLDER" | tail -1)
        mount -o remount,size=$((used + ${room}))k "$HOME_FOLDER" || exit 8
        "$LAB" collect 2>"$OUT/err" >/dev/null; echo FULL $?; cat "$OUT/err"; echo END
        mount -o remount,size=512m "$HOME_FOLDER"
        "$LAB" collect --resume >/dev/null 2>"$OUT/err" || "$LAB" collect 2>"$OUT/err" >/dev/null
        echo AGAIN $?; cat "$OUT/err"; echo END
        rm -rf "${kept.home}"; cp -a "$HOME_FOLDER/." "${kept.home}"`
      const { text } = inNamespace(place, script)
      const full = told(text, 'FULL')
      const again = told(text, 'AGAIN')
      seen.add(`${room} kB free: ${ending(full).replace(' after 0 s', '')}`)
      const differing =
        full.code === 0 || again.code === 0
          ? compared(done.outcome, { ...kept, temp: place.temp })
          : [`goes on with ${again.err.slice(0, 200)}`]
      wrong.push(
        ...[...endingFaults(full), ...differing, ...(await stillThere(place))].map(
          (line) => `${room} kB free: ${line}`,
        ),
      )
      removePlace(place)
    }
    return { seen: [...seen].join(' | '), wrong }
  },
}

/** Nothing can be written: commands say it and change nothing. */
const readOnly: Fault = {
  name: 'read-only disk',
  must: 'a sentence from each command',
  missing: noMounts,
  async inject(ground) {
    const place = ground.place('collect')
    const commands = ['collect', 'sft', 'delete 1', 'runs', 'export episodes e.jsonl', 'merge merged']
    const script = `
      mount --bind "$HOME_FOLDER" "$HOME_FOLDER" && mount -o remount,ro,bind "$HOME_FOLDER" && cd "$HOME_FOLDER" || exit 9
      ${commands.map((command, at) => `"$LAB" ${command} 2>"$OUT/err" >/dev/null; echo COMMAND${at} $?; cat "$OUT/err"; echo END`).join('\n')}`
    const before = filesIn(place.home)
    const { text } = inNamespace(place, script)
    const ended = commands.map((_, at) => told(text, `COMMAND${at}`))
    const wrong = ended.flatMap((one, at) => endingFaults(one).map((line) => `${commands[at]}: ${line}`))
    if (filesIn(place.home).join() !== before.join()) wrong.push('other files are there')
    removePlace(place)
    return { seen: ended.map((one, at) => `${commands[at]}: exit ${one.code}`).join(', '), wrong }
  },
}

/** A limit on the size of files (`ulimit -f`), in bytes. */
const fileSize: Fault = {
  name: 'file-size limit in collect',
  must: 'a sentence; without the limit, the same end',
  missing: () => (spawnSync('prlimit', ['--version']).status === 0 ? null : 'needs prlimit'),
  async inject(ground): Promise<Seen> {
    const done = stepOf(ground, 'collect')
    const seen: string[] = []
    const wrong: string[] = []
    for (const limit of [64_000, 400_000]) {
      const place = ground.place('collect')
      const program = startProgram(place, ['collect'], { through: ['prlimit', `--fsize=${limit}`] })
      const ended = await program.ended
      seen.push(`${limit} bytes: ${ending(ended)}`)
      wrong.push(...(await goOn(done, place, ended)).map((line) => `${limit} bytes: ${line}`))
      removePlace(place)
    }
    return { seen: seen.join(' | '), wrong }
  },
}

export const DISK: readonly Fault[] = [
  ...['sft', 'collect', 'export'].map((step) => failing('ENOSPC', step)),
  failing('EIO', 'sft'),
  smallDisk,
  readOnly,
  fileSize,
]
