/** The result of a fuzz campaign as text. */
import type { Result } from './campaign.ts'

const FAULTS = ['unclear', 'stack', 'crash', 'hang', 'memory'] as const
const COLUMNS = ['taken', 'told', ...FAULTS] as const

export function isFault({ verdict }: Result): boolean {
  return verdict !== 'taken' && verdict !== 'told'
}

/** A fault, what was said, and the command that repeats it. */
export function tellFault({ kind, number, verdict, file, text }: Result, seed: number): string {
  const said = text.split('\n').slice(0, 6).join('\n    ').slice(0, 1000)
  return `${verdict}: ${file}: npm run test:fuzz -- --seed ${seed} --only ${kind} --input ${number}\n    ${said}`
}

export function fuzzTable(results: readonly Result[], seed: number, seconds: number): string {
  const count = (all: readonly Result[], verdict: Result['verdict']) =>
    all.filter((one) => one.verdict === verdict).length
  const row = (name: string, all: readonly Result[]) =>
    `${name.padEnd(12)}${String(all.length).padStart(8)}${COLUMNS.map((verdict) => String(count(all, verdict)).padStart(9)).join('')}`
  const head = `${'kind'.padEnd(12)}${'inputs'.padStart(8)}${COLUMNS.map((name) => name.padStart(9)).join('')}`
  const faults = results.filter(isFault).length
  return [
    '',
    head,
    ...[...Map.groupBy(results, ({ kind }) => kind)].map(([kind, all]) => row(kind, all)),
    row('all', results),
    '',
    `inputs: ${results.length}, seed ${seed}, ${seconds} s`,
    `faults: ${faults}`,
  ].join('\n')
}
