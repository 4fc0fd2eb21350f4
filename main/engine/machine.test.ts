import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryHere, processorsHere, processorUseHere } from './machine.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'machine-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** A machine's files, with `root` as its root. */
function files(contents: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
}

const V2 = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'
const V1 = [
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
].join('\n')
const MB = 1e6

test.runIf(process.platform === 'linux').each([
  ['a limit of the own group', { 'a/memory.max': `${600 * MB}` }, 600],
  ['a lower limit of a group around it', { 'memory.max': `${500 * MB}`, 'a/memory.max': `${600 * MB}` }, 500],
  ['a limit above which the group is slowed down', { 'a/memory.high': `${400 * MB}`, 'a/memory.max': 'max' }, 400],
  ['the root of a container', { 'memory.max': `${300 * MB}` }, 300],
])('memory: %s', (_, group, megabytes) => {
  const at = Object.keys(group).some((path) => path.startsWith('a/')) ? '/a' : '/'
  files({
    'proc/self/cgroup': `0::${at}`,
    'proc/self/mountinfo': V2,
    ...Object.fromEntries(Object.entries(group).map(([path, text]) => [`sys/fs/cgroup/${path}`, text])),
  })
  expect(memoryHere(root)).toEqual({ total: megabytes * MB, available: megabytes * MB })
})

test.runIf(process.platform === 'linux')('memory in use is not available, but files in it are', () => {
  files({
    'proc/self/cgroup': '0::/a/b',
    'proc/self/mountinfo': V2,
    'sys/fs/cgroup/a/memory.max': `${500 * MB}`,
    'sys/fs/cgroup/a/memory.current': `${300 * MB}`,
    'sys/fs/cgroup/a/memory.stat': `anon 1\ninactive_file ${200 * MB}\nactive_file 5`,
    'sys/fs/cgroup/a/b/memory.max': 'max',
  })
  expect(memoryHere(root)).toEqual({ total: 500 * MB, available: 400 * MB })
})

test.runIf(process.platform === 'linux')(
  'groups of the first version, in a container that knows its outer path',
  () => {
    files({
      'proc/self/cgroup': '4:memory:/docker/12\n1:cpu,cpuacct:/docker/12',
      'proc/self/mountinfo': V1.replaceAll(' / /sys', ' /docker/12 /sys'),
      'sys/fs/cgroup/memory/memory.limit_in_bytes': `${700 * MB}`,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': `${100 * MB}`,
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
    })
    expect(memoryHere(root)).toEqual({ total: 700 * MB, available: 600 * MB })
    expect(processorsHere(root)).toBe(1)
  },
)

test.runIf(process.platform === 'linux')('without limits, all of the machine counts', () => {
  files({
    'proc/self/cgroup': '4:memory:/x\n1:cpu,cpuacct:/x\n0::/x',
    'proc/self/mountinfo': `${V1}\n${V2}`,
    'sys/fs/cgroup/memory/x/memory.limit_in_bytes': '9223372036854771712',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': '-1',
    'sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': '100000',
    'sys/fs/cgroup/x/cpu.max': 'max 100000',
  })
  expect(memoryHere(root).total).toBe(totalmem())
  expect(processorsHere(root)).toBe(availableParallelism())
  expect(memoryHere(join(root, 'nowhere')).total).toBe(totalmem())
})

test.runIf(process.platform === 'linux')('a share of processor time of a group around counts, rounded up', () => {
  files({
    'proc/self/cgroup': '0::/a/b',
    'proc/self/mountinfo': V2,
    'sys/fs/cgroup/a/cpu.max': '20000 100000',
    'sys/fs/cgroup/a/b/cpu.max': 'max 100000',
  })
  expect(processorsHere(root)).toBe(1)
})

test('this machine has memory and processors', () => {
  const { total, available } = memoryHere()
  expect(available).toBeGreaterThan(0)
  expect(available).toBeLessThanOrEqual(total)
  expect(processorsHere()).toBeGreaterThanOrEqual(1)
})

test.runIf(process.platform === 'linux')('processor time is that of the innermost group with a quota', () => {
  files({
    'proc/self/cgroup': '0::/a/b',
    'proc/self/mountinfo': V2,
    'sys/fs/cgroup/a/cpu.max': '150000 100000',
    'sys/fs/cgroup/a/cpu.stat': 'usage_usec 2500000\nuser_usec 2000000',
    'sys/fs/cgroup/a/b/cpu.max': 'max 100000',
    'sys/fs/cgroup/a/b/cpu.stat': 'usage_usec 7\nuser_usec 7',
  })
  expect(processorUseHere(root)).toEqual({ busy: 2.5, of: 1.5 })
})

test.runIf(process.platform === 'linux')('groups of the first version count their time in nanoseconds', () => {
  files({
    'proc/self/cgroup': '1:cpu,cpuacct:/a',
    'proc/self/mountinfo': V1,
    'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '400000',
    'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000',
    'sys/fs/cgroup/cpu,cpuacct/a/cpuacct.usage': '3000000000',
  })
  expect(processorUseHere(root)).toEqual({ busy: 3, of: 4 })
})

test('without a quota, processor time is the machine’s, and grows', async () => {
  const before = processorUseHere(root)
  expect(before.of).toBeGreaterThan(0)
  const until = performance.now() + 60
  while (performance.now() < until);
  expect(processorUseHere(root).busy).toBeGreaterThan(before.busy)
})
