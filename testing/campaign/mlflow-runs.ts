/** The runs in a folder of MLflow's file layout, as lines that can be compared: params, tags, metrics, status, files. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { linesOf } from './content.ts'
import { filesIn } from './place.ts'

/** The lines of each run, by 'MLflow NAME'. Two runs of one name are under one name, so their lines are there twice. */
export function mlflowRuns(root: string): [string, string[]][] {
  const all = filesIn(root).filter((path) => path.endsWith('meta.yaml') && path.split('/').length === 3)
  const runs = new Map<string, string[]>()
  for (const folder of all.map((path) => join(root, dirname(path)))) {
    const name = `MLflow ${readFileSync(join(folder, 'tags/mlflow.runName'), 'utf8')}`
    runs.set(name, [...(runs.get(name) ?? []), ...linesOfRun(folder)])
  }
  return [['MLflow experiments', readdirSync(root)], ...runs]
}

function linesOfRun(folder: string): string[] {
  const { status, end_time, lifecycle_stage } = parse(readFileSync(join(folder, 'meta.yaml'), 'utf8')) as Record<
    string,
    unknown
  >
  const text = (path: string) => readFileSync(join(folder, path), 'utf8')
  return filesIn(folder).flatMap((path) => {
    if (path === 'meta.yaml')
      return [`status ${status}, ${end_time === null ? 'not ended' : 'ended'}, ${lifecycle_stage}`]
    // The key has the time of the run's start.
    if (path === 'tags/dpo_driver.key') return ['tags/dpo_driver.key']
    if (!path.startsWith('metrics/')) return linesOf(join(folder, path)).map((line) => `${path}: ${line}`)
    if (path === 'metrics/tokens_per_second') return []
    const points = text(path).trimEnd().split('\n')
    return points.map((point) => `${path}: ${point.replace(/^\d+ /, '')}`)
  })
}
