/** Everything that a lab has in the end, without what depends on time and load. Two labs can be compared by it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { linesOf } from './content.ts'
import { mlflowRuns } from './mlflow-runs.ts'
import { filesIn, type Place } from './place.ts'
import { readStore } from './stored.ts'

/** Lines by the name of what they are of: a table, a file, a run of MLflow. */
export type Outcome = ReadonlyMap<string, readonly string[]>

const STORE = 'data/lab.sqlite'
const MLFLOW = 'data/mlruns'
/** Files of SQLite's own, which come and go with the connection. */
const SQLITE = new Set([STORE, `${STORE}-wal`, `${STORE}-shm`])

const CONTENT = 'content of '

/** Reads a place that no program uses. */
export function outcomeOf({ home, temp }: Place): Outcome {
  const store = join(home, STORE)
  const files = filesIn(home).filter((path) => !SQLITE.has(path))
  return new Map<string, readonly string[]>([
    ...(existsSync(store) ? readStore(store) : []),
    ...(existsSync(join(home, MLFLOW)) ? mlflowRuns(join(home, MLFLOW)) : []),
    ['files', files.filter((path) => !path.startsWith(MLFLOW))],
    ['temporary files', filesIn(temp)],
    ...files
      .filter((path) => !path.startsWith(MLFLOW))
      .map((path): [string, readonly string[]] => [`${CONTENT}${path}`, linesOf(join(home, path))]),
  ])
}

/** Most characters of a line that a difference shows. */
const SHOWN = 160

/** What differs between two outcomes, a sentence each; empty where they are equal. */
export function differences(expected: Outcome, found: Outcome): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].flatMap((name) => {
    // A file that only one of them has is among the files.
    if (name.startsWith(CONTENT) && !(expected.has(name) && found.has(name))) return []
    const [before = [], after = []] = [expected.get(name), found.get(name)]
    const lacks = without(before, after)
    const more = without(after, before)
    if (lacks.length === 0 && more.length === 0) return []
    const example = (what: string, [first]: readonly string[], { length }: readonly string[]) =>
      first === undefined ? [] : [`${length} ${what}, such as ${first.slice(0, SHOWN)}`]
    return [`${name}: ${[...example('lines lost', lacks, lacks), ...example('lines more', more, more)].join('; ')}`]
  })
}

/** The lines of `all` that `others` lacks. A line counts as often as it is there. */
function without(all: readonly string[], others: readonly string[]): string[] {
  const rest = new Map<string, number>()
  for (const line of others) rest.set(line, (rest.get(line) ?? 0) + 1)
  return all.filter((line) => {
    const left = rest.get(line) ?? 0
    rest.set(line, left - 1)
    return left <= 0
  })
}
