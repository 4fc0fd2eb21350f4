/** What the lab itself keeps: the store with all that is in it, MLflow's folder, checkpoints of trainings. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TRPCError } from '@trpc/server'
import { dpoDriver } from '../../../app/cli.ts'
import { Merges } from '../../../main/adapters/merges.ts'
import { configSchema } from '../../../main/config/schema.ts'
import { Settings } from '../../../main/config/settings.ts'
import { initLora } from '../../../main/engine/adapter/adapter.ts'
import { loadEngine } from '../../../main/engine/load.ts'
import { Jobs } from '../../../main/jobs.ts'
import { createLab } from '../../../main/lab.ts'
import { Live } from '../../../main/live/live.ts'
import { UserError } from '../../../main/messages/error.ts'
import { type Message, message } from '../../../main/messages/message.ts'
import { runArtifacts } from '../../../main/pipeline/artifacts.ts'
import type { Resources } from '../../../main/pipeline/resources.ts'
import type { StageContext } from '../../../main/pipeline/stage.ts'
import { trainAdapter } from '../../../main/pipeline/stages/training.ts'
import { labRouter } from '../../../main/rpc/router.ts'
import type { Context } from '../../../main/rpc/trpc.ts'
import { lockStore } from '../../../main/store/lock.ts'
import { Store } from '../../../main/store/store.ts'
import { followRun } from '../../../main/tracking/follow.ts'
import { trainSft } from '../../../main/training/sft.ts'
import { prepareLab } from '../../prepared-lab.ts'
import type { Kind } from '../kind.ts'
import { CONFIG, LORA, writeModel } from './tiny-model.ts'

const STORE = 'lab.sqlite'
/** The run that a prepared lab has. */
const RUN = 1

/** All that a window and the command line ask a store. */
const QUESTIONS = (folder: string): ((lab: ReturnType<typeof labRouter.createCaller>) => Promise<unknown>)[] => [
  (lab) => lab.status.get(),
  (lab) => lab.runs.list(),
  (lab) => lab.runs.get({ run: RUN }),
  (lab) => lab.runs.stages({}),
  (lab) => lab.runs.latestStages(),
  (lab) => lab.runs.deleted(),
  (lab) => lab.runs.compare({ runs: [RUN, RUN] }),
  (lab) => lab.job.log({}),
  (lab) => lab.metrics.arms({ run: RUN }),
  (lab) => lab.episodes.list({ run: RUN }),
  (lab) => lab.episodes.groups({ run: RUN }),
  (lab) => lab.episodes.get({ id: 1 }),
  (lab) => lab.pairs.rounds(),
  (lab) => lab.pairs.list({ run: RUN, round: 1 }),
  (lab) => lab.pairs.tasks({ run: RUN, round: 1 }),
  (lab) => lab.pairs.get({ id: 1 }),
  (lab) => lab.pairs.history({ run: RUN, round: 1 }),
  (lab) => lab.results.runs(),
  (lab) => lab.results.get({ run: RUN }),
  (lab) => lab.results.markdown({ run: RUN }),
  (lab) => lab.adapters.list(),
  (lab) => lab.golden.list({}),
  ...['preferences', 'kto', 'episodes', 'metrics'].map(
    (kind) => () =>
      command(['export', kind, join(folder, `out-${kind}`), '--config_path', join(folder, 'config.yaml')]),
  ),
  () => command(['runs', '--config_path', join(folder, 'config.yaml')]),
]

/** Runs a command in this process. Throws what a user would see: a UserError, or an Error with the stack. */
async function command(args: readonly string[]): Promise<void> {
  let err = ''
  const write = (text: string) => {
    err += text
    return true
  }
  const code = await dpoDriver(args, { out: { write: () => true }, err: { write } })
  if (code === 1) throw new Error(`${args[0]} ${args[1]}: ${err}`)
  if (code !== 0) throw new UserError([message('verbatim', { text: err })])
}

/** Asks everything. Throws the first fault, or else the first sentence. */
async function askAll(folder: string): Promise<void> {
  const settings = new Settings(join(folder, 'config.yaml'))
  const lab = createLab(settings.read())
  const live = new Live({ config: () => settings.read() })
  const told: UserError[] = []
  try {
    lockStore(lab.store.path)()
    const context: Context = { lab, jobs: new Jobs(lab), merges: new Merges(), settings, live }
    const caller = labRouter.createCaller(context)
    for (const ask of QUESTIONS(folder)) {
      try {
        await ask(caller)
      } catch (error) {
        const cause = error instanceof TRPCError ? (error.cause ?? error) : error
        if (cause instanceof UserError) told.push(cause)
        else if (!(cause instanceof TRPCError && cause.code !== 'INTERNAL_SERVER_ERROR')) throw cause
      }
    }
  } finally {
    lab.close()
  }
  if (told[0] !== undefined) throw told[0]
}

export const store: Kind = {
  async prepare(folder) {
    await prepareLab(folder)
    // A lock that another program left; the lab's own goes with its command.
    writeFileSync(join(folder, `${STORE}-lock`), 'pid 1\n')
    return [
      { file: STORE, form: 'sqlite' },
      { file: STORE, form: 'sqlite' },
      { file: STORE, form: 'sqlite' },
      { file: `${STORE}-lock`, form: 'text' },
    ]
  },
  load: askAll,
}

const ARM = { run: RUN, stage: 'dpo', round: 1, arm: 'dpo' }

async function follow(folder: string): Promise<readonly Message[]> {
  const store = new Store(join(folder, STORE))
  const told: Message[] = []
  try {
    const say = (id: string, values = {}) => void told.push({ id, values } as Message)
    const following = followRun({ store, run: RUN, say: say as never })
    following.hear({ event: 'metrics', ...ARM, step: 1, metrics: {} })
    following.hear({ event: 'metrics', ...ARM, arm: 'replay', step: 1, metrics: {} })
    await following.close()
  } finally {
    store.close()
  }
  return told
}

export const mlflow: Kind = {
  async prepare(folder) {
    await prepareLab(folder)
    await follow(folder)
    const root = join(folder, 'mlruns')
    const experiment = readdirSync(root).find((name) => /^\d+$/.test(name)) ?? ''
    const runs = readdirSync(join(root, experiment)).filter((name) => name !== 'meta.yaml')
    return [
      { file: `mlruns/${experiment}/meta.yaml`, form: 'yaml' },
      ...runs.map((run) => ({ file: `mlruns/${experiment}/${run}/meta.yaml`, form: 'yaml' as const })),
    ]
  },
  load: follow,
}

/** Trains a few steps, from the checkpoint where there is one. */
async function train(folder: string, stopAt: number | null): Promise<void> {
  const config = configSchema.parse({ paths: { reports: join(folder, 'reports') } })
  const store = new Store(join(folder, STORE))
  const run = store.runs.list()[0]?.id ?? store.runs.create('lab', 'sft', config)
  const engine = await loadEngine({ folder: join(folder, 'base'), engine: 'native', threads: 1, precision: 'fp32' })
  const abort = new AbortController()
  const arm = (name: string) => ({ run, stage: 'sft', round: 0, arm: name })
  const context: StageContext = {
    config,
    store,
    run,
    round: 0,
    collection: null,
    artifacts: runArtifacts(config, { id: run, name: 'lab' }),
    resources: {} as Resources,
    signal: abort.signal,
    arm,
    progress() {},
    metrics(_arm, step) {
      if (step === stopAt) abort.abort()
    },
    say() {},
    tell() {},
  }
  const example = { prompt: Int32Array.of(1, 2), completion: Int32Array.of(3, 4) }
  const options = { ...config.training.sft, max_steps: 14, eval_steps: 5, batch_size: 1, seed: 1 }
  try {
    await trainAdapter(context, {
      engine,
      arm: 'sft',
      lora: LORA,
      weights: () => initLora(CONFIG, LORA, 1),
      maxSteps: options.max_steps,
      folder: context.artifacts.adapter('sft', 0),
      baseModelName: 'base',
      base: null,
      promptName: 'compact',
      train: (adapter, hooks) =>
        trainSft({ engine, adapter, examples: [example], evalExamples: [example], options, hooks }),
    })
  } catch (error) {
    if (!abort.signal.aborted) throw error
  } finally {
    await engine.close()
    store.close()
  }
}

export const training: Kind = {
  async prepare(folder) {
    mkdirSync(join(folder, 'base'))
    await writeModel(join(folder, 'base'))
    await train(folder, 12)
    const [file = ''] = readdirSync(join(folder, `${STORE}-checkpoints`))
    return [
      { file: `${STORE}-checkpoints/${file}`, form: 'safetensors' },
      { file: STORE, form: 'sqlite' },
    ]
  },
  load: (folder) => train(folder, null),
}
