/** Stage 1: from golden samples the base model learns the form of thought and action, and the tasks. */
import { z } from 'zod'
import { type BatchSize, checkMemory, largestBatch, largestBatches, memoryShortLater } from '../../capacity/memory.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import type { Config } from '../../config/schema.ts'
import { checkLayers, initLora } from '../../engine/adapter/adapter.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
import { replayedSamples } from '../../training/preference.ts'
import { type Example, trainSft } from '../../training/sft.ts'
import { EXAMPLES } from '../../training/truncate.ts'
import { exportAdapter } from '../artifacts.ts'
import type { Stage } from '../stage.ts'
import { goldenExamples } from './examples.ts'
import { LengthLimit, truncation, withTruncations } from './lengths.ts'
import { trainAdapter } from './training.ts'

const result = z.object({
  examples: z.int(),
  /** The step whose weights were kept, and the number of steps. */
  step: z.int(),
  steps: z.int(),
  stoppedEarly: z.boolean(),
  /** What `max_length` cut or dropped. */
  truncations: z.array(truncation).default([]),
})

export const sft: Stage<z.output<typeof result>> = {
  name: 'sft',
  title: message('titleSft'),
  result,
  async run(context) {
    const { config, resources, artifacts } = context
    const { sft: options } = config.training
    const { seed } = config.project
    const model = await resources.model()
    checkLayers(model.engine.config, config.lora)
    const samples = await goldenExamples(model, context)
    if (samples.train.length === 0) {
      throw new UserError('noSample', { path: config.paths.sft_data })
    }
    const folder = artifacts.adapter('sft', 0)
    const { engine } = model
    const limit = new LengthLimit('sft', config, engine.config)
    const train = limit.fitSome('golden', samples.train, EXAMPLES)
    const heldOut = limit.fit('heldOut', samples.heldOut, EXAMPLES)
    const { truncations } = limit
    limit.tell(context.say)
    const batch = largestBatch(
      [...train, ...heldOut].map((example) => [example]),
      options.batch_size,
    )
    const warning = checkMemory(engine, config.lora, [batch], { stage: 'sft', ...options })
    if (warning !== null) context.say('memoryShort', warning)
    // A run keeps its settings. Without this warning, it would collect for hours and then find that DPO does not fit.
    const later = memoryShortLater(engine, config.lora, likelyBatches(train, config.training.dpo))
    if (later !== null) context.say('memoryShortLater', later)
    const rates = smallModelRates(config, engine.config, ['sft'])
    if (rates !== null) context.say('smallModelRates', rates)
    context.say('sftData', {
      sampleCount: message('countSamples', { count: train.length }),
      heldOut: heldOut.length,
      engine: engine.description,
    })
    const { step, steps, stoppedEarly } = await trainAdapter(context, {
      engine,
      arm: 'sft',
      lora: config.lora,
      weights: () => initLora(engine.config, config.lora, seed),
      maxSteps: options.max_steps,
      folder,
      baseModelName: config.model.base_model_name,
      base: model.base,
      promptName: model.promptName,
      train: (adapter, hooks) =>
        trainSft({ engine, adapter, examples: train, evalExamples: heldOut, options: { ...options, seed }, hooks }),
    })
    await exportAdapter(folder, projectPath(config.paths.sft_adapter_path))
    context.say(stoppedEarly ? 'sftStopped' : 'sftDone', {
      stepCount: message('countSteps', { count: steps }),
      step,
      path: shownPath(config.paths.sft_adapter_path),
    })
    return { examples: train.length, step, steps, stoppedEarly, truncations }
  },
  line({ examples, step, steps, truncations }) {
    const counts = {
      samples: message('countSamples', { count: examples }),
      steps: message('countSteps', { count: steps }),
    }
    return withTruncations(message('lineSft', { ...counts, step }), truncations)
  },
}

/** The largest batches of DPO, if pairs and successes are as long as these samples. */
function likelyBatches(samples: readonly Example[], options: Config['training']['dpo']): BatchSize[] {
  const enough = Array.from({ length: Math.ceil(options.batch_size / samples.length) }, () => samples).flat()
  const term = (answers: number, size: number) => ({
    groups: enough.map((one): Example[] => Array(answers).fill(one)),
    size,
  })
  const successes = options.imitation > 0 ? [term(1, options.batch_size)] : []
  return largestBatches([term(2, options.batch_size), ...successes, term(1, replayedSamples(options))])
}
