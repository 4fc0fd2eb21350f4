/** The commands of a run: what each does, how a run begins, and how one goes on. */
import { isDeepStrictEqual } from 'node:util'
import { BEFORE, promptName } from './agent/prompt.ts'
import type { Audience } from './agent/spectator.ts'
import { removeLeftProfiles } from './chromium/profile.ts'
import type { PromptStyle } from './config/choices.ts'
import { refuseBeyondBounds } from './config/config.ts'
import type { Config } from './config/schema.ts'
import { UserError } from './messages/error.ts'
import type { Say } from './messages/message.ts'
import { runArtifacts } from './pipeline/artifacts.ts'
import { type Emit, type LabEvent, sayer, teller } from './pipeline/events.ts'
import { turnFlywheel } from './pipeline/flywheel.ts'
import { takePlaces, type Uses } from './pipeline/places.ts'
import { openResources, type ResourceOptions } from './pipeline/resources.ts'
import { claimFolder, lockFolder, newNumber, tidyReports } from './pipeline/run-folder.ts'
import { type Runner, runStages } from './pipeline/runner.ts'
import { takeShares } from './pipeline/share.ts'
import { collect } from './pipeline/stages/collect.ts'
import { dpo } from './pipeline/stages/dpo.ts'
import { evaluate } from './pipeline/stages/evaluate.ts'
import { golden } from './pipeline/stages/golden.ts'
import { importAdapter, readTrained, type Trained } from './pipeline/stages/import-adapter.ts'
import { sft } from './pipeline/stages/sft.ts'
import { verify } from './pipeline/stages/verify.ts'
import type { RoundKey } from './store/keys.ts'
import { lockStore } from './store/lock.ts'
import type { Run } from './store/runs.ts'
import type { Store } from './store/store.ts'
import type { MemberKey } from './store/studies.ts'
import { followRun } from './tracking/follow.ts'
import { type EndedRun, tellWebhook } from './tracking/webhook.ts'

/** The commands of a run. A stage that is run alone reads its inputs from the configuration's paths. */
const COMMANDS = {
  verify: (runner: Runner) => runner.perform(verify, 0),
  golden: (runner: Runner) => runner.perform(golden, 0),
  sft: async (runner: Runner) => {
    await runner.perform(golden, 0)
    return runner.perform(sft, 0)
  },
  collect: (runner: Runner) => runner.perform(collect, 1),
  dpo: (runner: Runner) => runner.perform(dpo, 1),
  evaluate: (runner: Runner) => runner.perform(evaluate, 1),
  retrain: async (runner: Runner) => {
    const round = runner.collection?.round ?? 1
    await runner.perform(dpo, round)
    return runner.perform(evaluate, round)
  },
  import: async (runner: Runner, adapter: string | null) => {
    const round = runner.collection?.round ?? 1
    await runner.perform(importAdapter(adapter), round)
    return runner.perform(evaluate, round)
  },
  pipeline: turnFlywheel,
} satisfies Record<string, (runner: Runner, adapter: string | null) => Promise<unknown>>

export type Command = keyof typeof COMMANDS

/** The places outside the store that each command uses. */
const USES: Readonly<Record<Command, Uses>> = {
  verify: {},
  golden: { sft_data: 'write' },
  sft: { sft_data: 'write', sft_adapter_path: 'write' },
  collect: { sft_adapter_path: 'read', preference_data: 'write' },
  dpo: { sft_data: 'read', sft_adapter_path: 'read', preference_data: 'write', dpo_adapter_path: 'write' },
  evaluate: { sft_adapter_path: 'read', dpo_adapter_path: 'read' },
  retrain: { sft_data: 'read', sft_adapter_path: 'read', preference_data: 'write', dpo_adapter_path: 'write' },
  import: { sft_adapter_path: 'read', dpo_adapter_path: 'write' },
  pipeline: { sft_data: 'write', sft_adapter_path: 'write', preference_data: 'write', dpo_adapter_path: 'write' },
}
/** The commands that play with workers. */
const PLAYS: readonly Command[] = ['collect', 'evaluate', 'retrain', 'import', 'pipeline']
export const COMMAND_NAMES = Object.keys(COMMANDS) as [Command, ...Command[]]

export interface RunOptions {
  /** Resumes the latest run of this command, or the run of this id, with the configuration that it began with. */
  readonly resume: 'latest' | number | null
  /** A new run of `retrain` trains on the latest collection that has this run and round. */
  readonly collection?: Partial<RoundKey> | null
  /** The folder of the adapter that `import` takes. */
  readonly adapter?: string | null
  /** The member of a study that a new run of `pipeline` is to be. */
  readonly member?: MemberKey | null
  /** Aborted to stop at the next point from which the run can go on without loss. */
  readonly signal: AbortSignal
  /** Aborted after `signal`, to close browser and engine under work that does not stop. */
  readonly quit?: AbortSignal
  readonly emit: Emit
  /** Who watches what the run plays. */
  readonly audience?: Audience | undefined
}

export interface Finished {
  readonly run: number
  /** The folder with what the run made. */
  readonly folder: string
}

/** Where a run keeps what it finds; `onKept` is called after everything that it keeps. */
export interface Keeper {
  readonly store: Store
  readonly onKept: () => void
}

/**
 * Runs a command to its end. Throws what the stage threw; the run can then be resumed. Throws UserError, before there is a
 * run, where another command uses the store or a place that this one needs.
 */
export async function runCommand(
  { store, onKept }: Keeper,
  config: Config,
  command: Command,
  options: RunOptions & ResourceOptions,
): Promise<Finished> {
  const { signal, quit, resume, emit: tell } = options
  const { adapter = null } = options
  const releases = [lockStore(store.path)]
  const hold: Hold = (release) => releases.push(release)
  try {
    await removeLeftProfiles()
    tidyReports(store, config)
    const before = resume === null ? null : await unfinishedRun(store, command, resume)
    if (command === 'import' && before === null && adapter === null) throw new UserError('importNeedsFolder')
    const trained =
      command === 'import' && before === null && adapter !== null ? await readTrained(store, adapter) : null
    hold(takePlaces(before?.config ?? config, USES[command]))
    const own =
      before === null ? beginRun(store, command, config, { ...options, trained }, hold) : resumeRun(store, before, hold)
    // Who plays along changes no episode, and may be others when the run goes on.
    const run = { ...own, config: { ...own.config, workers: config.workers } }
    store.checkpoints.removeLost()
    let ended: EndedRun | undefined
    const emit = (event: LabEvent) => {
      if (event.event === 'end') ended = endedRun({ ...run, command }, event)
      // Progress is gone the moment it changes, and metrics have their own table.
      if (event.event !== 'progress' && event.event !== 'metrics') store.events.add(run.id, event)
      tracking.hear(event)
      tell(event)
      if (event.event !== 'progress') onKept()
    }
    const say = sayer(emit, { stage: '', round: 0 })
    const tracking = followRun({ store, run: run.id, say })
    try {
      emit({ event: 'run', run: run.id, name: run.name, command, resumed: resume !== null })
      if (resume !== null && !isDeepStrictEqual(run.config, config)) say('configChanged')
      await takeShares(store, run, say)
      const resources = openResources(run.config, {
        ...options,
        tell: teller(emit, { stage: '', round: 0 }),
        onModel: ({ prompt }) => {
          // With `verify` the model is only looked at.
          if (run.command !== 'verify') keepPrompt(store, run.id, prompt, say)
        },
      })
      // What fails to close here fails again below.
      quit?.addEventListener('abort', () => void resources.close().catch(() => {}), { once: true })
      try {
        // Not after hours of training.
        if (PLAYS.includes(command)) await resources.queue?.()
        await runStages<unknown>({ store, run, resources, signal, emit }, (runner) =>
          COMMANDS[command](runner, adapter),
        )
      } finally {
        await resources.close()
      }
    } finally {
      // A run that fails before its stages tells no end.
      ended ??= endedRun({ ...run, command }, { status: signal.aborted ? 'stopped' : 'failed', seconds: 0 })
      await Promise.all([tracking.close(), tellWebhook({ config: run.config, ended, say, signal: quit })])
    }
    return { run: run.id, folder: runArtifacts(run.config, run).folder }
  } finally {
    for (const release of releases.reverse()) release()
  }
}

function endedRun(
  { id, name, command }: Pick<Run, 'id' | 'name'> & { readonly command: Command },
  { status, seconds }: Pick<EndedRun, 'status' | 'seconds'>,
): EndedRun {
  return { run: id, name, command, status, seconds: Number(seconds.toFixed(1)) }
}

/**
 * Does what a killed command left to do: removes its browsers, locks and unfinished files, and tells MLflow the rest. Every
 * command of a run does so as it begins; this is for where nothing is left to run. Throws UserError where another command uses
 * the store.
 */
export async function tidyUp(store: Store, config: Config): Promise<void> {
  const release = lockStore(store.path)
  try {
    await removeLeftProfiles()
    tidyReports(store, config)
    const latest = store.runs.latest()
    if (latest === undefined) return
    const run = store.runs.get(latest.id)
    store.checkpoints.removeLost()
    await followRun({ store, run: run.id, say() {} }).close()
    takePlaces(run.config, USES[run.command as Command] ?? {})()
  } finally {
    release()
  }
}

/** Takes a function that is called when the command has ended. */
type Hold = (release: () => void) => void

function beginRun(
  store: Store,
  command: Command,
  wanted: Config,
  { collection: like, member = null, trained }: RunOptions & { readonly trained: Trained | null },
  hold: Hold,
): Run {
  const collection = trained?.record.lab ?? (command === 'retrain' ? collectionOf(store, like) : null)
  const config =
    collection === null ? wanted : settingsOn(store.runs.get(collection.run).config, wanted, trained !== null)
  // One whose adapter was trained elsewhere keeps the settings of a training that is over.
  if (trained === null) refuseBeyondBounds(config)
  const { id, leave } = newNumber(store, config)
  hold(leave)
  // Where the folder cannot be made, there is no run.
  return store.transaction(() => {
    const kept = collection === null ? null : { run: collection.run, round: collection.round }
    store.runs.create(config.project.name, command, config, { id, collection: kept })
    if (member !== null) store.studies.setRun(member, id)
    return claimed(store, store.runs.get(id), hold)
  })
}

/**
 * The settings of a run on an earlier collection. It keeps the tasks that the pairs are of, and one whose adapter was trained
 * already keeps the settings of that training. All others are those of now.
 */
function settingsOn(origin: Config, now: Config, isTrained: boolean): Config {
  const { tasks, training, lora } = origin
  return { ...now, tasks, ...(isTrained ? { training, lora } : {}) }
}

function resumeRun(store: Store, run: Run, hold: Hold): Run {
  hold(lockFolder(runArtifacts(run.config, run).folder))
  return store.transaction(() => {
    // Since it was found, somebody may have hidden it. From here on nobody can.
    if (store.runs.find(run.id) === undefined) throw new UserError('runDeleted', { run: run.id })
    store.runs.setStatus(run.id, 'running')
    return claimed(store, run, hold)
  })
}

/** The run, with its folder; `verify` writes nothing, so it needs none. */
function claimed(store: Store, run: Run, hold: Hold): Run {
  if (run.command !== 'verify') hold(claimFolder(store, run))
  return run
}

/** Keeps what the model is asked with, for exports. Tells where a run goes on with another prompt than it began with. */
export function keepPrompt(store: Store, run: number, style: PromptStyle, say: Say): void {
  const messages = BEFORE[style]
  const before = store.runs.prompt(run)
  if (before === undefined) store.runs.setPrompt(run, [...messages])
  else if (!isDeepStrictEqual(before, messages)) say('promptChanged', { prompt: promptName(style) })
}

/** The latest collection of the wanted run and round. Throws UserError where there is none with pairs. */
function collectionOf(store: Store, wanted: RunOptions['collection']): RoundKey {
  const { run, round } = wanted ?? {}
  const found = store.pairs.rounds().find((one) => one.run === (run ?? one.run) && one.round === (round ?? one.round))
  if (found !== undefined) return { run: found.run, round: found.round }
  if (run === undefined) throw new UserError('nothingCollected')
  if (store.runs.deleted(Date.now() + 1).some(({ id }) => id === run)) throw new UserError('runDeleted', { run })
  throw round === undefined ? new UserError('noPairsOfRun', { run }) : new UserError('noPairsOfRound', { run, round })
}

/** The run to resume. Throws UserError where there is none, after it has told MLflow how a finished one ended. */
async function unfinishedRun(store: Store, command: Command, which: 'latest' | number): Promise<Run> {
  const run = store.runs.list().find((one) => one.command === command && (which === 'latest' || one.id === which))
  if (run !== undefined && run.status !== 'done') return store.runs.get(run.id)
  if (run === undefined) throw new UserError('nothingToResume', { command })
  // A kill may have come between the end of the run and the last report.
  await followRun({ store, run: run.id, say() {} }).close()
  throw new UserError('nothingLeftToResume', { command, run: run.id })
}
