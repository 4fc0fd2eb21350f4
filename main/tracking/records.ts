/** What MLflow records of the lab's runs: every training and every evaluation is an MLflow run. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AdapterRecord, listAdapters } from '../adapters/list.ts'
import { flatten } from '../config/differences.ts'
import { summarise } from '../evaluation/summary.ts'
import { projectPath } from '../files/paths.ts'
import { hasAdapter, runArtifacts } from '../pipeline/artifacts.ts'
import type { LabEvent } from '../pipeline/events.ts'
import { evaluationOf } from '../pipeline/results.ts'
import type { ArmKey } from '../store/keys.ts'
import type { Run, Status } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { Ending, Point, TrackedRun } from './tracker.ts'

const EVALUATION = 'evaluate'

/** The training or the evaluation that an event is about; null if it is about neither. */
export function armOf(run: number, event: LabEvent): ArmKey | null {
  if (event.event === 'metrics') return { run, stage: event.stage, round: event.round, arm: event.arm }
  if (event.event !== 'stage' || event.stage !== EVALUATION || event.status === 'skipped') return null
  return { run, stage: EVALUATION, round: event.round, arm: '' }
}

/** The longest value of a param that MLflow takes. */
const LONGEST = 6000

/**
 * How an arm ended. Null while its stage goes on: only at its end is it known what the arm was made from. A training with
 * an adapter is finished, even if its stage failed.
 */
export function endingOf({ config, ...run }: Run, { stage, round, arm }: ArmKey, status: Status): Ending | null {
  if (status === 'running') return null
  if (stage !== EVALUATION && hasAdapter(runArtifacts(config, run).adapter(arm, round))) return 'FINISHED'
  return ENDINGS[status]
}

const ENDINGS: Readonly<Record<Exclude<Status, 'running'>, Ending>> = {
  done: 'FINISHED',
  stopped: 'KILLED',
  failed: 'FAILED',
}

/** The name and the params of an arm's MLflow run. The params are the whole configuration, by dotted key. */
export function describeRun(run: Run, { stage, round, arm }: ArmKey, started: number): TrackedRun {
  const { id, name, config, command } = run
  const params = [...flatten(config)].map(([key, value]) => [key, paramText(value)])
  return {
    key: [run.started, id, stage, round, arm].join('-'),
    experiment: config.tracking.experiment ?? config.project.name,
    name: [`${name}-${id}`, arm === '' ? stage : arm, ...(round > 1 ? [`round ${round}`] : [])].join(' '),
    started,
    params: Object.fromEntries(params),
    tags: {
      'mlflow.source.name': 'dpo-driver',
      'mlflow.source.type': 'LOCAL',
      stage,
      ...(arm === '' ? {} : { arm }),
      round: String(round),
      run: String(id),
      command: String(command),
      model: config.model.base_model_name,
      seed: String(config.project.seed),
    },
  }
}

function paramText(value: unknown): string {
  return (Array.isArray(value) ? value.join(', ') : String(value)).slice(0, LONGEST)
}

/** The metrics of an evaluation: success by policy and task, DPO's differences and their p values. The step is the round. */
export function evaluationPoints(store: Store, run: number, time: number): Point[] {
  const { arms, table, against } = summarise(evaluationOf(store, run, []))
  const round = store.stages.of(run).find(({ stage }) => stage === EVALUATION)?.round ?? 0
  const values = [
    ...Object.entries(arms).flatMap(([arm, { success, low, high, faults }]): [string, number][] => [
      [`success/${arm}`, success],
      [`success_low/${arm}`, low],
      [`success_high/${arm}`, high],
      [`faults/${arm}`, faults],
    ]),
    ...table.tasks.flatMap(({ name, cells }) =>
      Object.entries(cells).map(([arm, { success }]): [string, number] => [`task/${taskName(name)}/${arm}`, success]),
    ),
    ...Object.entries(against).flatMap(([other, { difference, p }]): [string, number][] => [
      [`difference/${other}`, difference],
      [`mcnemar_p/${other}`, p],
    ]),
  ]
  return values.map(([name, value]) => ({ name, value, step: round, time }))
}

/**
 * A task in the name of a metric. A user's task may have a name that MLflow does not allow there. A slash would make a
 * folder, where MLflow's file layout may need a file.
 */
function taskName(name: string): string {
  return name.replace(/[^\w.\- ]/g, '_').replace(/^\.+|\.\.+/g, '_')
}

/** The files of an arm that has ended: name and content. */
export function artifactsOf(
  store: Store,
  run: Run,
  { stage, round, arm }: ArmKey,
): [name: string, content: string | Buffer][] {
  const { folder } = runArtifacts(run.config, run)
  const file = (from: string, name: string): [string, Buffer][] =>
    existsSync(join(from, name)) ? [[name, readFileSync(join(from, name))]] : []
  if (stage === EVALUATION) return ['report.html', 'summary.json', 'metrics.csv'].flatMap((name) => file(folder, name))
  const adapter = listAdapters(store, run.config).find(
    (one) => one.run === run.id && one.arm === arm && one.round === (stage === 'sft' ? 0 : round),
  )
  if (adapter === undefined || adapter.problem !== null) return []
  return [['README.md', adapterCard(run, adapter)], ...file(projectPath(adapter.path), 'adapter_config.json')]
}

/** The adapter's model card, in the form of the Hugging Face Hub: what it is and what it was made from. */
export function adapterCard(
  { id, name, config }: Run,
  { arm, round, base, r, lora_alpha, target_modules, layers_to_transform: layers, lineage, path }: AdapterRecord,
): string {
  const made = lineage.map(({ kind, name: from, run, count }) => {
    const parts = [from, ...(run === null ? [] : [`run ${run}`]), ...(count === null ? [] : [String(count)])]
    return `- ${kind}: ${parts.join(', ')}`
  })
  const { sft, dpo } = config.training
  const settings = Object.entries(arm === 'sft' ? sft : dpo).map(([key, value]) => `| ${key} | ${value} |`)
  return [
    '---',
    `base_model: ${base ?? config.model.base_model_name}`,
    'library_name: peft',
    `tags: [lora, web-agent, ${arm === 'sft' ? 'sft' : 'dpo'}]`,
    '---',
    `# ${name}-${id}: ${arm}${round > 1 ? `, round ${round}` : ''}`,
    '',
    `LoRA of rank ${r}, alpha ${lora_alpha}, on ${target_modules.join(', ')}${layers === null ? '' : ` of layers ${layers.join(', ')}`}; in ${path}.`,
    '',
    'Made from:',
    '',
    ...made,
    '',
    '| setting | value |',
    '|---|---|',
    ...settings,
    '',
  ].join('\n')
}
