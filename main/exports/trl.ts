/**
 * Writes a round's DPO as a folder with which TRL and PEFT do the same training elsewhere, on any number of processes. Data are
 * tokens, cut to length, with the batches of every step, so that nothing is left to other tokenizers and random streams.
 */
import { copyFile, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { AgentTexts, promptOf } from '../agent/texts.ts'
import type { Config } from '../config/schema.ts'
import { loadAdapter } from '../engine/adapter/adapter.ts'
import { fingerprintOf } from '../engine/adapter/base-identity.ts'
import { readModelConfig, readPromptName } from '../engine/checkpoint/model-files.ts'
import { freeTensors } from '../engine/free.ts'
import { isGguf } from '../engine/gguf/parts.ts'
import { findModel } from '../engine/load.ts'
import { checkTokenizerFits, loadTokenizer } from '../engine/tokenizer/tokenizer.ts'
import { makeFolder, writeFileAtomic, writeStreamAtomic } from '../files/file.ts'
import { makeWholeFolder } from '../files/folder.ts'
import { namesIn } from '../files/names.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { exportAdapter, keptArtifacts, policyFolder } from '../pipeline/artifacts.ts'
import { loraShape, PLAN_FILE, type Plan } from '../pipeline/elsewhere.ts'
import { materialOf } from '../pipeline/stages/dpo-material.ts'
import type { RoundKey } from '../store/keys.ts'
import type { StoredPair } from '../store/pairs.ts'
import type { Store } from '../store/store.ts'
import { type ByTerm, type PreferenceOptions, stepBatches, type TokenPair } from '../training/preference.ts'
import type { Example } from '../training/sft.ts'

/** Files of this folder that go with every export. */
const SCRIPTS = ['train.py', 'requirements.txt', 'README.md']

export interface TrlOptions {
  /** The present configuration, which says where the files of runs are. */
  readonly present: Config
  readonly signal: AbortSignal
  readonly say: Say
  /** Hears what is odd about the adapter. */
  readonly warn: (told: Message) => void
}

/** How much of each kind of data was written. */
export interface Exported extends ByTerm<number> {
  readonly run: number
  readonly round: number
  readonly reference: string
}

/** What was written, and where. */
export function exportedMessage(done: Exported, folder: string): Message {
  const { pairs, successes, golden, reference, run, round } = done
  return message('trlExported', {
    pairCount: message('countPairs', { count: pairs }),
    stepCount: message('countSteps', { count: successes }),
    goldenCount: message('countGolden', { count: golden }),
    ...{ run, round, reference, folder },
  })
}

/** A folder for this round beside the store that nothing is in yet. */
export function freeTrlFolder({ paths }: Config, { run, round }: RoundKey): string {
  const name = join(dirname(projectPath(paths.store)), 'trl', `run-${run}-round-${round}`)
  for (let number = 1; ; number++) {
    const folder = number === 1 ? name : `${name}-${number}`
    if (namesIn(folder).length === 0) return folder
  }
}

/**
 * Writes a new folder for the DPO of this run and round. Throws UserError where TRL cannot do the same (a base model in GGUF, the
 * loss kto), there are no pairs, the adapter to start from is missing or of another model, and `folder` is not empty.
 */
export async function exportTrl(store: Store, key: RoundKey, folder: string, options: TrlOptions): Promise<Exported> {
  if (namesIn(folder).length > 0) throw new UserError('mergeTargetTaken', { folder: shownPath(folder) })
  const run = store.runs.get(key.run)
  const { config } = run
  const dpo: PreferenceOptions = { ...config.training.dpo, seed: config.project.seed }
  if (dpo.loss_type === 'kto') throw new UserError('trlKto')
  const { pairs: stored, collection } = pairsOf(store, key)
  const base = { name: config.model.base_model_name, folder: await findModel(config.model.base_model_name) }
  if (isGguf(base.folder)) throw new UserError('trlGguf', { file: shownPath(base.folder) })
  const shape = readModelConfig(base.folder)
  const tokenizer = await loadTokenizer(base.folder)
  checkTokenizerFits(tokenizer, shape)
  const { prompt } = config.model
  const texts = new AgentTexts(tokenizer, prompt === 'auto' ? promptOf(tokenizer, readPromptName(base.folder)) : prompt)
  const artifacts = keptArtifacts(options.present, run)
  const reference = policyFolder({ config, store, artifacts, collection: run.collection }, key.round - 1)
  const { lora, tensors } = await loadAdapter(reference, shape, { base, prompt: texts.promptName, warn: options.warn })
  freeTensors(tensors)
  // Only DPO is trained elsewhere; its controls stay here.
  const alone = { ...config, evaluation: { ...config.evaluation, controls: false, policy_gradients: [] } }
  const context = { ...key, config: alone, store, say: options.say, signal: options.signal }
  const material = await materialOf(context, texts, shape, { pairs: stored, collection })
  material.limit.tell(options.say)
  const { pairs, examples: successes, golden } = material
  const counts = { pairs: pairs.length, successes: successes.length, golden: golden.length }
  const plan: Plan = {
    format: 'dpo-driver trl 1',
    ...key,
    started: run.started,
    pairs: pairs.length,
    reference: shownPath(reference),
    base: { name: base.name, fingerprint: await fingerprintOf(base) },
    prompt: texts.promptName,
    lora: loraShape(lora),
    imitation: dpo.imitation,
    replay: dpo.replay,
  }
  const hub = hubSnapshot(base.folder)
  await makeWholeFolder(folder, async (next) => {
    const settings = settingsOf(config, dpo, hub === null ? { model_name_or_path: 'base' } : hub)
    writeFileAtomic(join(next, 'settings.yaml'), SETTINGS_HEAD + stringify(settings))
    writeFileAtomic(join(next, PLAN_FILE), `${JSON.stringify(plan, null, 2)}\n`)
    makeFolder(join(next, 'data'))
    const data = (name: string) => join(next, 'data', `${name}.jsonl`)
    await writeLines(data('pairs'), pairs.map(pairLine), options.signal)
    await writeLines(data('successes'), successes.map(exampleLine), options.signal)
    await writeLines(data('golden'), golden.map(exampleLine), options.signal)
    const steps = Array.from({ length: dpo.max_steps }, (_, step) => stepBatches(counts, step, dpo))
    await writeLines(data('order'), steps, options.signal)
    await exportAdapter(reference, join(next, 'adapter'))
    for (const name of SCRIPTS) await copyFile(join(import.meta.dirname, 'trl', name), join(next, name))
    if (hub === null) await copyModel(base.folder, join(next, 'base'), options.signal)
  })
  return { ...key, ...counts, reference: plan.reference }
}

/** The pairs that the round trains on, or would train on now. Throws UserError where there are none. */
function pairsOf(store: Store, key: RoundKey): { pairs: readonly StoredPair[]; collection: RoundKey } {
  const pairs = store.pairs.trainingSet(key) ?? store.pairs.kept(key)
  if (pairs.length === 0) throw new UserError('noPairsOfRound', { ...key })
  return { pairs, collection: store.pairs.trainsOn(key) ?? key }
}

const SETTINGS_HEAD = `# Options of TRL's DPOConfig and ModelConfig. The command line of train.py has precedence. A step has the pairs that
# data/order.jsonl names, however many processes share them: per_device_train_batch_size is what one process takes at a time,
# and gradient_accumulation_steps follows from that.
`

/** The settings by TRL's names. What differs from TRL's defaults differs because the lab does it so. */
function settingsOf(config: Config, dpo: PreferenceOptions, model: Readonly<Record<string, string>>) {
  return {
    ...model,
    // The lab computes in float32. For large models: bfloat16, and bf16: true.
    dtype: 'float32',
    bf16: false,
    output_dir: 'trained',
    loss_type: dpo.rpo_alpha > 0 ? [dpo.loss_type, 'sft'] : [dpo.loss_type],
    loss_weights: dpo.rpo_alpha > 0 ? [1, dpo.rpo_alpha] : [1],
    beta: dpo.beta,
    label_smoothing: dpo.label_smoothing,
    learning_rate: dpo.learning_rate,
    lr_scheduler_type: dpo.lr_scheduler_type,
    warmup_steps: dpo.warmup_steps,
    max_steps: dpo.max_steps,
    per_device_train_batch_size: dpo.batch_size,
    optim: 'adamw_torch',
    adam_beta1: 0.9,
    adam_beta2: 0.999,
    adam_epsilon: 1e-8,
    weight_decay: dpo.weight_decay,
    max_grad_norm: dpo.max_grad_norm,
    // TRL cuts at 1,024 tokens and turns dropout off.
    max_length: null,
    disable_dropout: false,
    // All of the adapter is used in every pass.
    ddp_find_unused_parameters: false,
    gradient_checkpointing: config.training.gradient_checkpointing !== false,
    seed: dpo.seed,
    logging_steps: 1,
    save_steps: 50,
    save_total_limit: 1,
    report_to: 'none',
  }
}

function pairLine({ prompt, chosen, rejected }: TokenPair) {
  return { prompt_ids: [...prompt], chosen_ids: [...chosen], rejected_ids: [...rejected] }
}

function exampleLine({ prompt, completion }: Example) {
  return { prompt_ids: [...prompt], completion_ids: [...completion] }
}

async function writeLines(file: string, values: Iterable<unknown>, signal: AbortSignal): Promise<void> {
  await writeStreamAtomic(file, async (write) => {
    for (const value of values) {
      signal.throwIfAborted()
      await write(Buffer.from(`${JSON.stringify(value)}\n`))
    }
  })
}

/** The model's name and revision on the Hugging Face Hub, if its folder is a snapshot in the cache; else null. */
function hubSnapshot(folder: string): { model_name_or_path: string; model_revision: string } | null {
  const [, name, revision] = /models--([\w.-]+)[/\\]snapshots[/\\]([\w.-]+)[/\\]?$/.exec(folder) ?? []
  if (name === undefined || revision === undefined) return null
  return { model_name_or_path: name.replace('--', '/'), model_revision: revision }
}

/** What transformers reads of a model. Pickled weights and Python files are none of it. */
const MODEL_FILE = /\.(json|safetensors|jinja)$|^merges\.txt$/

async function copyModel(from: string, to: string, signal: AbortSignal): Promise<void> {
  makeFolder(to)
  for (const name of (await readdir(from)).filter((one) => MODEL_FILE.test(one))) {
    signal.throwIfAborted()
    await copyFile(join(from, name), join(to, name))
  }
}
