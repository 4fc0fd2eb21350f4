/** Stage 3: the policy learns from pairs. The controls learn from the same episodes by other methods. */
import { z } from 'zod'
import type { AgentModel } from '../../agent/model.ts'
import { checkMemory, largestBatch } from '../../capacity/memory.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import type { Engine, LoraConfig } from '../../engine/engine.ts'
import { freeTensors, moveAdapter } from '../../engine/free.ts'
import { CONTROLS } from '../../evaluation/arms.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { successSteps } from '../../preferences/successes.ts'
import { mapInTurns } from '../../preferences/turns.ts'
import {
  type Objective,
  pairSequences,
  referenceLogps,
  type TokenPair,
  trainPreference,
} from '../../training/preference.ts'
import type { Example } from '../../training/sft.ts'
import { EXAMPLES, PAIRS } from '../../training/truncate.ts'
import { exportAdapter, policyFolder } from '../artifacts.ts'
import type { Stage, StageContext } from '../stage.ts'
import { goldenExamples, pairPlaces, successExample, tokenPair } from './examples.ts'
import { LengthLimit, type Placed, truncation, withTruncations } from './lengths.ts'
import { isTrained, trainAdapter } from './training.ts'
import { trainingPairs } from './training-pairs.ts'

const result = z.object({
  pairs: z.int(),
  /** The adapter of the reference policy. It is frozen, and training starts from it. */
  reference: z.string(),
  arms: z.array(z.string()),
  /** What `max_length` cut or dropped. */
  truncations: z.array(truncation).default([]),
})

export const dpo: Stage<z.output<typeof result>> = {
  name: 'dpo',
  title: message('titleDpo'),
  result,
  async run(context) {
    const { config, resources, artifacts, round } = context
    const options = { ...config.training.dpo, seed: config.project.seed }
    const model = await resources.model()
    const { engine } = model
    const reference = policyFolder(context, round - 1)
    const { lora, tensors } = await model.readAdapter(reference, context.tell)
    freeTensors(tensors)
    // Read from disk each time, because beside a large model there is no memory for a second copy.
    const weights = async () => (await model.readAdapter(reference, () => {})).tensors
    const material = await materialOf(context, model)
    const { pairs, golden, limit } = material
    limit.tell(context.say)
    context.say('dpoData', {
      pairCount: message('countPairs', { count: pairs.length }),
      goldenCount: message('countGolden', { count: golden.length }),
      reference: shownPath(reference),
    })
    sayWarnings(context, engine, lora, material)

    const arms = objectives(context, material, async () => {
      const frozen = 'reference'
      await moveAdapter(engine, frozen, lora, await weights())
      try {
        return await referenceLogps(engine, frozen, pairs, options, context.signal)
      } finally {
        await engine.removeAdapter(frozen)
      }
    })
    for (const [place, [arm, prepare]] of [...arms].entries()) {
      const folder = artifacts.adapter(arm, round)
      if (isTrained(context, arm, folder)) continue
      const objective = await prepare()
      await trainAdapter(context, {
        engine,
        arm,
        lora,
        weights,
        maxSteps: options.max_steps,
        others: { before: place * options.max_steps, after: (arms.size - 1 - place) * options.max_steps },
        folder,
        baseModelName: config.model.base_model_name,
        base: model.base,
        promptName: model.promptName,
        train: (adapter, hooks) => trainPreference({ engine, adapter, objective, golden, options, hooks }),
      })
    }
    await exportAdapter(artifacts.adapter('dpo', round), projectPath(config.paths.dpo_adapter_path))
    context.say('dpoDone', { path: shownPath(config.paths.dpo_adapter_path), arms: [...arms.keys()] })
    const { truncations } = limit
    return { pairs: pairs.length, reference: shownPath(reference), arms: [...arms.keys()], truncations }
  },
  line({ pairs: count, arms, truncations }, round) {
    const pairs = message('countPairs', { count })
    const held = round > 1 ? message('lineDpoLater', { pairs, round: round - 1 }) : message('lineDpo', { pairs })
    const line = arms.length > 1 ? message('lineDpoControls', { held, count: arms.length - 1 }) : held
    return withTruncations(line, truncations)
  },
}

interface Material {
  readonly pairs: readonly TokenPair[]
  /** Every step of the successes in the collected episodes. */
  readonly examples: readonly Example[]
  readonly golden: readonly Example[]
  /** What their lengths were fitted to. */
  readonly limit: LengthLimit
}

/** Throws UserError where golden samples should be replayed and there are none, and for sequences that are too long. */
async function materialOf(context: StageContext, model: AgentModel): Promise<Material> {
  const { config } = context
  const place = pairPlaces(config)
  const stored = await mapInTurns(
    await trainingPairs(context, ['dpo', ...CONTROLS]),
    (pair) => ({ item: tokenPair(model, pair), place: () => place(pair) }),
    context.signal,
  )
  const replays = config.training.dpo.replay > 0
  const { train } = replays || trainsControls(context) ? await goldenExamples(model, context) : { train: [] }
  if (train.length === 0 && replays) throw new UserError('noSampleToReplay', { path: config.paths.sft_data })
  const limit = new LengthLimit('dpo', config, model.engine.config)
  const pairs = limit.fitSome('pairs', stored, PAIRS)
  const golden = replays ? limit.fitSome('golden', train, EXAMPLES) : limit.fit('golden', train, EXAMPLES)
  const examples = limit.fit('successes', await ownSuccesses(context, model), EXAMPLES)
  return { pairs, golden, examples, limit }
}

/** Warns of learning rates for other models, and of short memory. Throws UserError where memory is too small. */
function sayWarnings(
  context: StageContext,
  engine: Engine,
  lora: LoraConfig,
  { pairs, golden, examples }: Material,
): void {
  const { dpo: options } = context.config.training
  const rates = smallModelRates(context.config, engine.config, ['dpo'])
  if (rates !== null) context.say('smallModelRates', rates)
  const batches = [pairs.map(pairSequences), [...golden, ...examples].map((example) => [example])]
  const largest = batches.map((groups) => largestBatch(groups, options.batch_size))
  const memory = checkMemory(engine, lora, largest, { stage: 'dpo', ...options })
  if (memory !== null) context.say('memoryShort', memory)
}

/** Controls are trained in the first round, in which all arms start from SFT. */
function trainsControls({ round, config }: StageContext): boolean {
  return round === 1 && config.evaluation.controls
}

/** What each arm learns from. */
function objectives(
  context: StageContext,
  { pairs, examples, golden }: Material,
  reference: () => Promise<Extract<Objective, { method: 'dpo' }>['reference']>,
): Map<string, () => Promise<Objective>> {
  const arms = new Map<string, () => Promise<Objective>>()
  arms.set('dpo', async () => ({ method: 'dpo', pairs, reference: await reference(), examples }))
  if (!trainsControls(context)) return arms
  for (const control of CONTROLS) {
    if (control === 'replay') {
      if (golden.length > 0) arms.set(control, async () => ({ method: control }))
    } else if (control === 'nll_chosen') arms.set(control, async () => ({ method: control, pairs }))
    else if (examples.length > 0) arms.set(control, async () => ({ method: control, examples }))
    else context.say('noSuccesses')
  }
  return arms
}

/** Every step of the successes of the collection whose pairs this stage trains on. */
async function ownSuccesses(
  { store, run, round, signal }: StageContext,
  model: AgentModel,
): Promise<Placed<Example>[]> {
  const collection = store.pairs.trainsOn({ run, round })
  if (collection === undefined) return []
  const episodes = store.episodes.of({ run: collection.run, stage: 'collect', round: collection.round, arm: '' })
  return mapInTurns(successSteps(episodes), (step) => successExample(model, step), signal)
}
