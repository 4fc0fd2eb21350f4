/** Compares a training of DPO on this lab's engine with train.py of its export: TRL and PEFT on several processes with gloo. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { loadConfig } from '../main/config/config.ts'
import type { Config, ConfigInput } from '../main/config/schema.ts'
import { loadAdapter } from '../main/engine/adapter/adapter.ts'
import { loadCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { readSafetensors } from '../main/engine/checkpoint/safetensors.ts'
import type { Engine, Tensors } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { exportTrl } from '../main/exports/trl.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'
import { createLab } from '../main/lab.ts'
import { RECORD_FILE, recordSchema } from '../main/pipeline/elsewhere.ts'
import { type PreferenceOptions, referenceLogps, trainPreference } from '../main/training/preference.ts'
import type { Metrics } from '../main/training/terms.ts'
import { prepareLab } from '../testing/prepared-lab.ts'
import { worstGradient } from './differences.ts'

const run = promisify(execFile)

/** Python's time limit for a training, in milliseconds. */
const TIME_LIMIT = 900_000
const STEPS = 20
/** The largest allowed differences of the first step (relative), and after the last one. */
const BOUNDS = { first: 1e-4, last: 1e-3 } as const

interface Case {
  readonly name: string
  readonly processes: number
  /** Pairs that a process takes at a time. */
  readonly pairs: number
  readonly dpo: NonNullable<NonNullable<ConfigInput['training']>['dpo']>
}

/** Batches that no number of processes divides, and every loss and option. */
const CASES: readonly Case[] = [
  {
    name: 'sigmoid, all four terms',
    processes: 2,
    pairs: 2,
    dpo: { batch_size: 7, max_grad_norm: 0, warmup_steps: 5 },
  },
  {
    name: 'robust, clipped, decay, cosine, accumulated',
    processes: 2,
    pairs: 3,
    dpo: {
      ...{ loss_type: 'robust', label_smoothing: 0.1, rpo_alpha: 0.5, imitation: 0.3, replay: 0.2 },
      ...{ batch_size: 3, grad_accumulation_steps: 2, max_grad_norm: 0.5, weight_decay: 0.01 },
      lr_scheduler_type: 'cosine',
    },
  },
  {
    name: 'ipo alone, more processes than pairs',
    processes: 3,
    pairs: 1,
    dpo: { loss_type: 'ipo', rpo_alpha: 0, imitation: 0, replay: 0, batch_size: 2, max_grad_norm: 0 },
  },
]

export interface ExportRow {
  readonly what: string
  readonly processes: number
  /** Relative differences of the first step's loss, and of its gradients by the worst tensor; null where they were clipped. */
  readonly loss: number
  readonly gradients: number | null
  /** The largest relative difference of a later loss, and |ours - theirs| / |theirs| of the worst trained tensor. */
  readonly lastLoss: number
  readonly weights: number
  readonly holds: boolean
}

export async function compareExports(python: string): Promise<ExportRow[]> {
  const rows: ExportRow[] = []
  for (const one of CASES) rows.push(await compareExport(python, one))
  rows.push(await compareResumed(python))
  return rows
}

/** train.py beside itself: one training in one go, and one that goes on from a checkpoint in the middle. */
async function compareResumed(python: string): Promise<ExportRow> {
  const processes = 2
  return withExport({ batch_size: 7 }, async (target) => {
    const whole = await trainTheirs(python, target, processes, 2, [
      '--save_steps',
      String(STEPS / 2),
      '--save_total_limit',
      '2',
    ])
    const middle = ['--resume_from_checkpoint', `trained/checkpoint-${STEPS / 2}`]
    const resumed = await trainTheirs(python, target, processes, 2, ['--save_steps', String(STEPS), ...middle])
    const losses = whole.losses.map((loss, step) => Math.abs(resumed.losses[step]! - loss) / loss)
    const row = {
      loss: losses[0]!,
      gradients: null,
      lastLoss: Math.max(...losses),
      weights: worstGradient(resumed.weights, whole.weights, ''),
    }
    const holds = resumed.losses.length === STEPS && Math.max(row.lastLoss, row.weights) <= BOUNDS.first
    return { what: 'train.py resumed in the middle, beside itself', processes, ...row, holds }
  })
}

/** Calls `work` with the folder of an export. */
async function withExport<T>(dpo: Case['dpo'], work: (target: string, config: Config) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-export-'))
  try {
    const config = loadConfig(await prepareLab(folder, { training: { dpo: { ...dpo, max_steps: STEPS } } }))
    const target = join(folder, 'export')
    const lab = createLab(config)
    try {
      const [key] = lab.store.pairs.rounds()
      const options = { present: config, signal: new AbortController().signal, say() {}, warn() {} }
      await exportTrl(lab.store, { run: key!.run, round: key!.round }, target, options)
    } finally {
      lab.close()
    }
    return await work(target, config)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareExport(python: string, { name, processes, pairs, dpo }: Case): Promise<ExportRow> {
  return withExport(dpo, async (target, config) => {
    const theirs = await trainTheirs(python, target, processes, pairs)
    const ours = await trainOurs(target, { ...config.training.dpo, seed: config.project.seed })
    const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b)
    const losses = ours.losses.map((loss, step) => relative(loss, theirs.losses[step] ?? Number.NaN))
    const clipped = config.training.dpo.max_grad_norm > 0
    const row = {
      loss: losses[0]!,
      gradients: clipped ? null : worstGradient(ours.gradients, theirs.gradients, ''),
      lastLoss: Math.max(...losses),
      weights: worstGradient(ours.weights, theirs.weights, ''),
    }
    const holds =
      Math.max(row.loss, row.gradients ?? 0) <= BOUNDS.first && Math.max(row.lastLoss, row.weights) <= BOUNDS.last
    return { what: name, processes, ...row, holds }
  })
}

async function trainTheirs(
  python: string,
  folder: string,
  processes: number,
  pairs: number,
  more: readonly string[] = [],
) {
  const gradients = join(folder, 'gradients.safetensors')
  const script = join(import.meta.dirname, 'parity_export.py')
  const options = ['--use_cpu', 'true', '--ddp_backend', 'gloo', '--per_device_train_batch_size', String(pairs)]
  await run(
    join(dirname(python), 'torchrun'),
    ['--standalone', '--nproc_per_node', String(processes), script, folder, gradients, ...options, ...more],
    {
      timeout: TIME_LIMIT,
      maxBuffer: 2 ** 26,
      env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '', OMP_NUM_THREADS: '1' },
    },
  )
  const trained = join(folder, 'trained')
  const { log, processes: seen } = recordSchema.parse(JSON.parse(await readFile(join(trained, RECORD_FILE), 'utf8')))
  if (seen !== processes) throw new Error(`${seen} processes trained together, not ${processes}`)
  return {
    losses: log.map(({ loss }) => loss!),
    gradients: await readSafetensors(gradients),
    weights: await readSafetensors(join(trained, 'adapter_model.safetensors')),
  }
}

const ids = z.array(z.int()).transform((all) => Int32Array.from(all))
const pairSchema = z.object({ prompt_ids: ids, chosen_ids: ids, rejected_ids: ids })
const exampleSchema = z.object({ prompt_ids: ids, completion_ids: ids })

/** The same data, in the order that this lab takes by itself. */
async function trainOurs(folder: string, options: PreferenceOptions) {
  const lines = async <T>(name: string, schema: z.ZodType<T>): Promise<T[]> => {
    const text = await readFile(join(folder, 'data', `${name}.jsonl`), 'utf8')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => schema.parse(JSON.parse(line)))
  }
  const examples = async (name: string) =>
    (await lines(name, exampleSchema)).map((one) => ({ prompt: one.prompt_ids, completion: one.completion_ids }))
  const pairs = (await lines('pairs', pairSchema)).map((pair) => ({
    prompt: pair.prompt_ids,
    chosen: pair.chosen_ids,
    rejected: pair.rejected_ids,
  }))
  const base = await loadCheckpoint(join(PROJECT_ROOT, 'models/base'))
  const { lora, tensors } = await loadAdapter(join(folder, 'adapter'), base.config)
  // All in float32, as train.py.
  const engine = await createNativeEngine(base.config, base.tensors)
  await engine.addAdapter('start', lora, tensors)
  await engine.addAdapter('trained', lora, tensors)
  const seen: { gradients?: Tensors } = {}
  const losses: number[] = []
  const { weights } = await trainPreference({
    engine: keepingGradients(engine, seen),
    adapter: 'trained',
    objective: {
      method: 'dpo',
      pairs,
      reference: await referenceLogps(engine, 'start', pairs, options),
      examples: await examples('successes'),
    },
    golden: await examples('golden'),
    options,
    hooks: { onStep: (_, { loss = Number.NaN }: Metrics) => losses.push(loss) },
  })
  await engine.close()
  return { losses, gradients: seen.gradients!, weights }
}

/** The engine; the gradients of its first step are kept in `seen`. */
function keepingGradients(engine: Engine, seen: { gradients?: Tensors }): Engine {
  return new Proxy(engine, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      if (key !== 'step') return value.bind(target)
      return async (...given: Parameters<Engine['step']>) => {
        seen.gradients ??= await target.gradients()
        return target.step(...given)
      }
    },
  })
}
