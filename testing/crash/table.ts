/** The result of a crash campaign as text. */
import type { Killed } from './kill.ts'

/** The figures of a campaign. */
export interface Sum {
  /** Programs that were killed; a step that was killed twice counts twice. */
  readonly kills: number
  /** Steps that came to another result. */
  readonly lost: number
  /** Steps that left processes or files behind. */
  readonly left: number
}

export function sumOf(killed: readonly Killed[]): Sum {
  const count = (is: (one: Killed) => boolean) => killed.filter(is).length
  return {
    kills: killed.reduce((sum, { where }) => sum + where.filter((place) => !place.startsWith('kept in')).length, 0),
    lost: count(({ lost }) => lost.length > 0),
    left: count(({ left }) => left.length > 0),
  }
}

/** A line on a kill, and one for each thing that is wrong. */
export function tellKill({ number, step, where, lost, left, seconds }: Killed): string {
  const wrong = [...lost.map((line) => `  lost: ${line}`), ...left.map((line) => `  left behind: ${line}`)]
  const head = `${String(number).padStart(4)}  ${step.padEnd(9)} ${seconds.toFixed(0).padStart(4)} s  ${where.join(', then ')}`
  return [`${head}${wrong.length === 0 ? '' : '  WRONG'}`, ...wrong].join('\n')
}

/** Where the kills were, how many, and what came of them. */
export function killTable(killed: readonly Killed[], sum: Sum & { seed: number; seconds: number }): string {
  const row = (name: string, all: readonly Killed[]) => {
    const { kills, lost, left } = sumOf(all)
    return `${name.padEnd(12)}${[all.length, kills, lost, left].map((n) => String(n).padStart(12)).join('')}`
  }
  const rows = (key: 'step' | 'kind') =>
    [...Map.groupBy(killed, (one) => one[key])].map(([name, all]) => row(name, all)).join('\n')
  const head = (what: string) =>
    `${what.padEnd(12)}${['commands', 'kills', 'lost', 'left behind'].map((name) => name.padStart(12)).join('')}`
  return [
    '',
    head('command'),
    rows('step'),
    '',
    head('where'),
    rows('kind'),
    '',
    `kills: ${sum.kills}, seed ${sum.seed}, ${sum.seconds} s`,
    `lost: ${sum.lost}`,
    `left behind: ${sum.left}`,
  ].join('\n')
}
