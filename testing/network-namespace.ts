/** A network of its own for a program, with a cable to this machine that can be pulled. It needs root and iproute2. */
import { spawnSync } from 'node:child_process'

export interface NetworkNamespace {
  /** The address of this machine at the other end of the cable. */
  readonly gateway: string
  /** What a program is started through to be in it. */
  readonly through: readonly string[]
  /** Pulls the cable: whoever sends hears nothing. */
  cut(): void
  heal(): void
  close(): void
}

/** Why this machine allows none; null where it does. */
export function noNamespaces(): string | null {
  const name = `ddn${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0
  if (made) spawnSync('ip', ['netns', 'delete', name])
  return made ? null : 'needs network namespaces (ip netns, as root)'
}

/** Opens one. `number`, 0 to 255, keeps several of this process apart. */
export function openNamespace(number: number): NetworkNamespace {
  const name = `ddn${process.pid}-${number}`
  const [outer, inner] = [`ddo${process.pid % 10_000}-${number}`, `ddi${process.pid % 10_000}-${number}`]
  // Of the range for tests of networks (RFC 2544), which nobody routes.
  const net = `198.18.${number}`
  const within = ['ip', 'netns', 'exec', name]
  run('ip', 'netns', 'add', name)
  run('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', name)
  run('ip', 'address', 'add', `${net}.1/24`, 'dev', outer)
  run('ip', 'link', 'set', outer, 'up')
  run(...within, 'ip', 'address', 'add', `${net}.2/24`, 'dev', inner)
  run(...within, 'ip', 'link', 'set', inner, 'up')
  // The browser talks to itself.
  run(...within, 'ip', 'link', 'set', 'lo', 'up')
  return {
    gateway: `${net}.1`,
    through: within,
    cut: () => run('ip', 'link', 'set', outer, 'down'),
    heal: () => run('ip', 'link', 'set', outer, 'up'),
    close() {
      run('ip', 'link', 'delete', outer)
      run('ip', 'netns', 'delete', name)
    },
  }
}

function run(...command: readonly string[]): void {
  const [program = '', ...args] = command
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr.trim()}`)
}
