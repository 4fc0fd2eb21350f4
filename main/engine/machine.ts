/**
 * What this process may take of the machine: memory and processors. In a container or a service, a control group of
 * Linux allows less than the machine has, and every group around it may allow still less (cgroups(7)).
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, freemem, totalmem } from 'node:os'
import { join } from 'node:path'

/** Bytes of memory. */
export interface Memory {
  /** What the process may hold at most. */
  readonly total: number
  /** What it can still get. File contents that the system can drop count as free. */
  readonly available: number
}

/** The processor's name, as its maker gives it; '' where the system does not tell. */
export function processorHere(): string {
  return cpus()[0]?.model.trim() ?? ''
}

const UNLIMITED = Number.POSITIVE_INFINITY

/** The memory that the machine and all control groups around this process leave to it. `root` is that of its files. */
export function memoryHere(root = '/'): Memory {
  const limits = groupsOf('memory', root).map((folder) => {
    const limit = Math.min(
      numberIn(folder, 'memory.max'),
      // Above it, the group is slowed down so much that it seems to stand still.
      numberIn(folder, 'memory.high'),
      numberIn(folder, 'memory.limit_in_bytes'),
    )
    const used = Math.min(numberIn(folder, 'memory.current'), numberIn(folder, 'memory.usage_in_bytes'))
    return { limit, free: limit - (used === UNLIMITED ? 0 : used - cacheOf(folder)) }
  })
  return {
    total: Math.min(totalmem(), ...limits.map(({ limit }) => limit)),
    available: Math.max(0, Math.min(freemem(), ...limits.map(({ free }) => free))),
  }
}

/**
 * The processors that this process may use: those that it may run on, and the share of time that its control groups
 * get, rounded up.
 */
export function processorsHere(root = '/'): number {
  const shares = groupsOf('cpu', root).map((folder) => Math.ceil(quotaOf(folder)))
  return Math.max(1, Math.min(availableParallelism(), ...shares))
}

/** The processors' worth of time that a group gets; infinite where it has no quota. */
function quotaOf(folder: string): number {
  const [quota = '', period = ''] = textIn(folder, 'cpu.max').split(' ')
  const share = Number(quota) / Number(period)
  const old = numberIn(folder, 'cpu.cfs_quota_us') / numberIn(folder, 'cpu.cfs_period_us')
  return Math.min(share > 0 ? share : UNLIMITED, old > 0 ? old : UNLIMITED)
}

export interface ProcessorUse {
  /** Seconds of processor time that were used so far. */
  readonly busy: number
  /** How many processors could be at work at the same time. */
  readonly of: number
}

/**
 * The processor time of all programs that share this process's processors: of the innermost control group with a quota, otherwise of
 * the whole machine.
 */
export function processorUseHere(root = '/'): ProcessorUse {
  for (const folder of groupsOf('cpu', root)) {
    const of = quotaOf(folder)
    if (of === UNLIMITED) continue
    const micros = Number(/^usage_usec (\d+)$/m.exec(textIn(folder, 'cpu.stat'))?.[1] ?? Number.NaN)
    const seconds = Number.isNaN(micros) ? numberIn(folder, 'cpuacct.usage') / 1e9 : micros / 1e6
    if (seconds !== UNLIMITED) return { busy: seconds, of }
  }
  const all = cpus()
  return { busy: all.reduce((sum, { times }) => sum + (times.user + times.nice + times.sys) / 1000, 0), of: all.length }
}

/** The folders of the process's control groups for a controller, from its own up to the outermost that is visible. */
function groupsOf(controller: 'memory' | 'cpu', root: string): string[] {
  if (process.platform !== 'linux') return []
  const mounts = textIn(root, 'proc/self/mountinfo').split('\n').map(mountOf)
  return textIn(root, 'proc/self/cgroup')
    .split('\n')
    .flatMap((line) => {
      const [, names = '', own = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      const kind = names === '' ? 'cgroup2' : 'cgroup'
      if (kind === 'cgroup' && !names.split(',').includes(controller)) return []
      const mount = mounts.find(
        ({ type, options }) => type === kind && (kind === 'cgroup2' || options.split(',').includes(controller)),
      )
      if (mount === undefined) return []
      // A container sees its own group at the mount, but may be told the path from the machine's root.
      const inner = own === mount.from || own.startsWith(`${mount.from}/`) ? own.slice(mount.from.length) : own
      const parts = inner.split('/').filter((part) => part !== '' && part !== '..')
      return Array.from({ length: parts.length + 1 }, (_, above) =>
        join(root, mount.folder, ...parts.slice(0, parts.length - above)),
      )
    })
}

/** A line of mountinfo (proc_pid_mountinfo(5)): `from` is the folder of its file system that it shows at `folder`. */
function mountOf(line: string): Record<'from' | 'folder' | 'type' | 'options', string> {
  const [before = '', after = ''] = line.split(' - ')
  const [, , , from = '', folder = ''] = before.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  return { from: from === '/' ? '' : from, folder, type, options }
}

/** The bytes of files that a group's memory holds and that nobody has used lately. */
function cacheOf(folder: string): number {
  const text = textIn(folder, 'memory.stat')
  const found = /^total_inactive_file (\d+)$/m.exec(text) ?? /^inactive_file (\d+)$/m.exec(text)
  return Number(found?.[1] ?? 0)
}

/** The number in a group's file; infinite where there is none. */
function numberIn(folder: string, name: string): number {
  const text = textIn(folder, name).trim()
  const number = Number(text)
  return text === '' || Number.isNaN(number) || number < 0 ? UNLIMITED : number
}

function textIn(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return ''
  }
}
