/** Stage 3: the policy learns from pairs. The controls learn from the same episodes by other methods. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { checkMemory, largestBatches, type TermSize } from '../../capacity/memory.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import type { PolicyGradient } from '../../config/choices.ts'
import type { Engine, LoraConfig } from '../../engine/engine.ts'
import { freeTensors, moveAdapter } from '../../engine/free.ts'
import { armName, CONTROLS, controlsOf } from '../../evaluation/arms.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { message } from '../../messages/message.ts'
import { FEW_PAIRS } from '../../preferences/pairs.ts'
import { type Judged, playedLogps } from '../../training/policy-gradient.ts'
import {
  type Objective,
  pairSequences,
  referenceLogps,
  replayedSamples,
  trainPreference,
} from '../../training/preference.ts'
import type { Example } from '../../training/sft.ts'
import { exportAdapter, policyFolder } from '../artifacts.ts'
import { loraShape } from '../elsewhere.ts'
import type { Stage, StageContext } from '../stage.ts'
import { type Material, materialOf, trainsControls } from './dpo-material.ts'
import { truncation, withTruncations } from './lengths.ts'
import { isTrained, trainAdapter } from './training.ts'
import { trainingPairs } from './training-pairs.ts'

const result = z.object({
  pairs: z.int(),
  /** The adapter of the reference policy. It is frozen, and training starts from it. */
  reference: z.string(),
  arms: z.array(z.string()),
  /** What `max_length` cut or dropped. */
  truncations: z.array(truncation).default([]),
  /** What trained the adapter, where that was not this lab. */
  elsewhere: z.string().optional(),
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
    const stored = await trainingPairs(context, ['dpo', ...CONTROLS])
    const trainingSet = { pairs: stored, collection: context.store.pairs.trainsOn(context) }
    const material = await materialOf(context, model, engine.config, trainingSet)
    const { pairs, golden, limit } = material
    limit.tell(context.say)
    context.say('dpoData', {
      pairCount: message('countPairs', { count: pairs.length }),
      goldenCount: message('countGolden', { count: golden.length }),
      reference: shownPath(reference),
    })
    if (!isDeepStrictEqual(loraShape(lora), loraShape(config.lora)))
      context.say('loraOfReference', { reference: shownPath(reference) })
    sayWarnings(context, engine, lora, material)

    /** What the policy that played gives, frozen. */
    const frozen = async <R>(read: (adapter: string) => Promise<R>): Promise<R> => {
      const name = 'reference'
      await moveAdapter(engine, name, lora, await weights())
      try {
        return await read(name)
      } finally {
        await engine.removeAdapter(name)
      }
    }
    const arms = objectives(context, material, {
      pairs: () => frozen((name) => referenceLogps(engine, name, pairs, options, context.signal)),
      steps: (judged) => frozen((name) => playedLogps(engine, name, judged, options, context.signal)),
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
  line({ pairs: count, arms, truncations, elsewhere }, round) {
    const pairs = message('countPairs', { count })
    const held = round > 1 ? message('lineDpoLater', { pairs, round: round - 1 }) : message('lineDpo', { pairs })
    if (elsewhere !== undefined) return message('lineDpoElsewhere', { held, elsewhere })
    const line = arms.length > 1 ? message('lineDpoControls', { held, count: arms.length - 1 }) : held
    return withTruncations(line, truncations)
  },
}

/** Warns of few pairs, of learning rates for other models, and of short memory. Throws UserError where memory is too small. */
function sayWarnings(
  context: StageContext,
  engine: Engine,
  lora: LoraConfig,
  { pairs, golden, examples, judged }: Material,
): void {
  const { dpo: options } = context.config.training
  if (pairs.length < FEW_PAIRS) context.say('fewPairs', { pairs: message('countPairs', { count: pairs.length }) })
  const rates = smallModelRates(context.config, engine.config, ['dpo'])
  if (rates !== null) context.say('smallModelRates', rates)
  const size = options.batch_size
  const each = (sequences: readonly Example[]): TermSize => ({ groups: sequences.map((one) => [one]), size })
  const paired: TermSize = { groups: pairs.map(pairSequences), size }
  const arms = [
    options.imitation > 0 ? [paired, each(examples)] : [paired],
    ...[examples, ...judged.values()].map((sequences) => [each(sequences)]),
  ].map((terms) => [...terms, { ...each(golden), size: replayedSamples(options) }])
  const memory = checkMemory(engine, lora, arms.flatMap(largestBatches), { stage: 'dpo', ...options })
  if (memory !== null) context.say('memoryShort', memory)
}

/** What each arm learns from. */
function objectives(
  context: StageContext,
  { pairs, examples, judged, golden }: Material,
  frozen: {
    readonly pairs: () => Promise<Extract<Objective, { method: 'dpo' }>['reference']>
    readonly steps: (judged: readonly Judged[]) => Promise<Extract<Objective, { method: PolicyGradient }>['played']>
  },
): Map<string, () => Promise<Objective>> {
  const arms = new Map<string, () => Promise<Objective>>()
  arms.set('dpo', async () => ({ method: 'dpo', pairs, reference: await frozen.pairs(), examples }))
  if (!trainsControls(context)) return arms
  for (const control of controlsOf(context.config.evaluation)) {
    if (control === 'rloo' || control === 'grpo') {
      const steps = judged.get(control) ?? []
      if (steps.length === 0) context.say('noMixedProblems', { arms: armName(control) })
      else arms.set(control, async () => ({ method: control, judged: steps, played: await frozen.steps(steps) }))
    } else if (control === 'replay') {
      if (golden.length > 0) arms.set(control, async () => ({ method: control }))
    } else if (control === 'nll_chosen') arms.set(control, async () => ({ method: control, pairs }))
    else if (examples.length > 0) arms.set(control, async () => ({ method: control, examples }))
    else context.say('noSuccesses')
  }
  return arms
}
