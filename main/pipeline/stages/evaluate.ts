/** Stage 4: every arm plays the same unseen problems greedily. The table and the report show the results. */
import { join } from 'node:path'
import type { AgentModel } from '../../agent/model.ts'
import type { Job } from '../../agent/rollout.ts'
import { Openings } from '../../agent/transitions.ts'
import { adapterDigest } from '../../engine/adapter/identity.ts'
import { processorHere, processorsHere } from '../../engine/machine.ts'
import type { Task } from '../../environment/tasks.ts'
import { controlsOf } from '../../evaluation/arms.ts'
import { writeReport } from '../../evaluation/report.ts'
import { textTable } from '../../evaluation/terminal.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { VERSION } from '../../files/version.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { english } from '../../messages/say.ts'
import type { StoredEpisode } from '../../store/episodes.ts'
import { collectorArtifacts, exportAdapter, hasAdapter, keptArtifacts, policyFolder } from '../artifacts.ts'
import { finishedStage } from '../lineage.ts'
import { type EvaluateResult, type Evaluation, evaluateResult, examplesOf, history, labels } from '../results.ts'
import type { Stage, StageContext } from '../stage.ts'
import { dpo } from './dpo.ts'
import { greedy, isConstrained, jobsOf, play } from './play.ts'
import { bestRound } from './validate.ts'

export const evaluate: Stage<EvaluateResult> = {
  name: 'evaluate',
  title: message('titleEvaluate'),
  result: evaluateResult,
  async run(context) {
    const { config, resources, artifacts, round } = context
    const { num_episodes_per_task, seed_start } = config.evaluation
    const tasks = resources.tasksNamed(config.evaluation.tasks ?? config.tasks)
    const jobs = jobsOf(tasks, seed_start, num_episodes_per_task)
    const best = bestRound(context, Math.min(1, round), round)
    const trained = policiesOf(context, best)
    const adapters = Object.fromEntries([...trained].map(([name, folder]) => [name, adapterDigest(folder)]))
    const model = await resources.model()
    // All of them before the first one plays for hours.
    const notes = await notesOn(model, trained)
    const base = await playsBase(context, model, jobs)
    const arms = await playAll(context, new Map([...(base ? [['base', null] as const] : []), ...trained]), jobs)
    if (round > 1) await exportAdapter(artifacts.adapter('dpo', best), projectPath(config.paths.dpo_adapter_path))
    const { engine } = model
    const answers = message(isConstrained(config.model) ? 'answersHeld' : 'answersFree')
    const facts = {
      model: config.model.base_model_name,
      engine: engine.description,
      processor: message('factProcessor', { processor: processorHere(), count: processorsHere() }),
      versions: `DPO-Driver ${VERSION}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
      prompt: model.promptName,
      reference: best === 1 ? message('factReferenceSft') : message('factReference', { round: best - 1 }),
      round: message('factRounds', { round: best, rounds: round }),
      seed: String(config.project.seed),
      answers,
      ...elsewhere(context),
      ...playedBy(context),
      ...notes,
    }
    const summary = writeReport(artifacts.folder, {
      ...history(context.store, context.run),
      arms,
      ...labels(tasks),
      facts,
      examples: examplesOf(context.store, arms),
    })
    const { sft, dpo } = percents(summary.arms)
    if (dpo === null) context.say('resultsOfSft', { sft })
    else context.say('results', { sft, dpo })
    context.say('resultsTable', { table: textTable(summary) })
    context.tell(answers)
    context.say('report', { path: shownPath(join(artifacts.folder, 'report.html')) })
    return { report: shownPath(artifacts.folder), round: best, arms: { ...summary.arms }, adapters, facts }
  },
  line({ arms }) {
    const { sft, dpo } = percents(arms)
    return dpo === null ? message('resultsOfSft', { sft }) : message('results', { sft, dpo })
  },
}

/** Lets every policy play the jobs, one policy after another. What one has done on a page, the next need not do again. */
async function playAll(
  context: StageContext,
  policies: ReadonlyMap<string, string | null>,
  jobs: readonly Job[],
): Promise<Evaluation['arms']> {
  const total = policies.size * jobs.length
  const openings = new Openings()
  const arms: { name: string; episodes: readonly StoredEpisode[] }[] = []
  for (const [name, adapter] of policies) {
    const before = arms.length * jobs.length
    const episodes = await play(context, {
      key: context.arm(name),
      adapter,
      jobs,
      sampling: greedy(context.config),
      openings,
      onEpisode: (done) => context.progress(before + done, total, message('unitEpisodes')),
    })
    arms.push({ name, episodes })
  }
  return arms
}

/**
 * Whether the base model plays without training. With auto, a model that is asked with the instruct prompt first plays one
 * problem of each task, and goes on if one of its answers is an action of the page. Models of the compact prompt learn the
 * tasks' form in SFT and would only cost time.
 */
async function playsBase(context: StageContext, model: AgentModel, jobs: readonly Job[]): Promise<boolean> {
  const { base } = context.config.evaluation
  if (base !== 'auto') return base
  if (model.prompt === 'compact') return false
  const first = jobs.filter(({ task }, at) => task !== jobs[at - 1]?.task)
  const wanted = new Set(first.map(problemOf))
  const episodes = await play(context, {
    key: context.arm('base'),
    adapter: null,
    jobs: first,
    sampling: greedy(context.config),
    onEpisode: (done) => context.progress(done, first.length, message('unitEpisodes')),
  })
  const acts = episodes.some(
    ({ steps, task, seed }) => wanted.has(problemOf({ task: { name: task }, seed })) && steps[0]?.action !== '',
  )
  if (!acts) context.say('baseSilent', { count: first.length })
  return acts
}

function problemOf({ task, seed }: { readonly task: Pick<Task, 'name'>; readonly seed: number }): string {
  return `${task.name} ${seed}`
}

/** What is odd about the policies' adapters, by arm, for the report. Throws UserError where one cannot be used. */
async function notesOn(model: AgentModel, policies: ReadonlyMap<string, string>): Promise<Record<string, string>> {
  const notes: Record<string, string> = {}
  for (const [name, folder] of policies) {
    await model.checkAdapter(folder, (told) => {
      const key = `adapter ${name}`
      notes[key] = notes[key] === undefined ? english(told) : `${notes[key]} ${english(told)}`
    })
  }
  return notes
}

/** What trained DPO, where that was not this lab. */
function elsewhere({ store, run }: StageContext): { readonly 'DPO trained elsewhere'?: string } {
  const trained = dpo.result.safeParse(finishedStage(store, run, 'dpo').at(-1)?.result)
  if (!trained.success || trained.data.elsewhere === undefined) return {}
  return { 'DPO trained elsewhere': trained.data.elsewhere }
}

/** Which machines played the evaluation, for the report; nothing where this one played alone. */
function playedBy({ store, run, round }: StageContext): Record<string, string> {
  const counts = new Map<string, number>()
  for (const { stage, name, kind, count, ...arm } of store.episodes.machines(run)) {
    if (stage !== evaluate.name || arm.round !== round) continue
    const machine = `${name} (${kind})`
    counts.set(machine, (counts.get(machine) ?? 0) + count)
  }
  const parts = [...counts].map(([machine, count]) => `${machine}: ${count} episodes`)
  return parts.length === 0 ? {} : { 'played by': parts.join('; ') }
}

/** The percentages that SFT solved, and DPO where it played. */
function percents({ sft, dpo }: EvaluateResult['arms']): { readonly sft: string; readonly dpo: string | null } {
  const percent = (share: number) => (100 * share).toFixed(1)
  return { sft: percent(sft?.success ?? 0), dpo: dpo === undefined ? null : percent(dpo.success) }
}

/** Folders of the adapters to evaluate, by arm: SFT, the controls, DPO's other rounds or the earlier DPO, DPO. */
function policiesOf(context: StageContext, best: number): Map<string, string> {
  const { artifacts, config, store, run, round } = context
  const policies = new Map([['sft', policyFolder(context, 0)]])
  const trainer = store.runs.get(finishedStage(store, run, 'dpo').at(-1)?.run ?? run)
  // A run whose adapter was trained elsewhere has none of its own.
  const trained = [keptArtifacts(config, trainer), ...(round === 1 ? collectorArtifacts(context) : [])]
  for (const control of controlsOf(config.evaluation)) {
    const folder = trained.map((one) => one.adapter(control, 1)).find(hasAdapter)
    if (folder !== undefined) policies.set(control, folder)
  }
  for (let other = 1; other <= round; other++) {
    const folder = artifacts.adapter('dpo', other)
    if (other !== best && hasAdapter(folder)) policies.set(`dpo_round_${other}`, folder)
  }
  for (const before of collectorArtifacts(context).map((collector) => collector.adapter('dpo', round))) {
    if (hasAdapter(before)) policies.set('dpo_before', before)
  }
  try {
    policies.set('dpo', policyFolder(context, best))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    // Nobody has trained DPO yet, or its adapter lies somewhere else.
    if (error.messages.some(({ id }) => id === 'adapterMissing')) context.say('withoutDpo')
    else context.say('sftAlone', { why: error.messages })
  }
  return policies
}
