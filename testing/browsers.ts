/** Finds the processes of browsers, so that tests can stop and kill them. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** The process groups of the browsers that `parent` has started. */
export function browsersOf(parent: number = process.pid): number[] {
  return processes()
    .filter(({ of, command }) => of === parent && command.includes('--remote-debugging-pipe'))
    .map(({ pid }) => pid)
}

/** The living processes of a group. */
export function membersOf(group: number): number[] {
  return processes()
    .filter((one) => one.group === group && one.state !== 'Z')
    .map(({ pid }) => pid)
}

function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [state, of, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
        return [{ pid: Number(name), of: Number(of), group: Number(group), state, command }]
      } catch {
        // It has just ended.
        return []
      }
    })
}
