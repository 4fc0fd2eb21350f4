/** Stage 1: from golden samples the base model learns the form of thought and action, and the tasks. */
import { z } from 'zod'
import { type BatchSize, checkMemory, largestBatch, memoryShortLater } from '../../capacity/memory.ts'
import { smallModelRates } from '../../capacity/rates.ts'
import { initLora } from '../../engine/adapter/adapter.ts'
import { projectPath, shownPath } from '../../files/paths.ts'
import { UserError } from '../../messages/error.ts'
import { message } from '../../messages/message.ts'
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
    const later = memoryShortLater(engine, config.lora, [likelyPairs(train, config.training.dpo.batch_size)])
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

/** The largest batch of this many pairs, if both answers of a pair are as long as these samples. */
function likelyPairs(samples: readonly Example[], size: number): BatchSize {
  const pairs = samples.map((sample) => [sample, sample])
  return largestBatch(
    Array(Math.ceil(size / pairs.length))
      .fill(pairs)
      .flat(),
    size,
  )
}
