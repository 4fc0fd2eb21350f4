/** A limit on the memory of a program and its children, as a container has: a control group. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryGroup {
  /** What a program is started through to be in it. */
  readonly through: readonly string[]
  /** Removes it, when its programs have ended. */
  close(): void
}

/** Why this machine allows none; null where it does. */
export function noMemoryGroups(): string | null {
  return memoryGroups() === undefined ? 'needs control groups that can be written' : null
}

/** Opens one with this limit. */
export function openMemoryGroup(megabytes: number): MemoryGroup {
  const groups = memoryGroups()
  if (groups === undefined) throw new Error('there are no control groups')
  const group = join(groups.folder, `dpo-driver-${process.pid}-${megabytes}`)
  mkdirSync(group)
  writeFileSync(join(group, groups.limit), String(megabytes * 2 ** 20))
  return {
    through: ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'],
    close: () => rmdirSync(group),
  }
}

/** The folder of memory limits, in version 2 of control groups or in version 1; undefined where there is none. */
function memoryGroups(): { folder: string; limit: string } | undefined {
  const all = [
    { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
    { folder: '/sys/fs/cgroup', limit: 'memory.max' },
  ]
  return all.find(({ folder, limit }) => {
    const group = join(folder, `dpo-driver-${process.pid}`)
    try {
      mkdirSync(group)
      return existsSync(join(group, limit))
    } catch {
      return false
    } finally {
      if (existsSync(group)) rmdirSync(group)
    }
  })
}
