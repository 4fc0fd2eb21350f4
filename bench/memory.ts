/** The peak memory of one DPO step, beside what main/engine/estimate.ts says before it. */
import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { estimateMemory } from '../main/engine/estimate.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import { figure, type Reporter } from './figure.ts'
import { loraOf, type MemoryCase, resultSchema } from './memory-step.ts'

const run = promisify(execFile)
const BENCH = 'memory'
const GB = 1e9
/** Milliseconds; the 7B takes minutes on two busy cores. */
const TIME_LIMIT = 3_600_000

const COMMON = { threads: availableParallelism(), r: 16, completion: 64 }
const NF4 = { ...COMMON, precision: 'nf4', headPrecision: 'int8', gradientCheckpointing: true } as const

const SMALL: readonly MemoryCase[] = [
  {
    ...COMMON,
    model: 'Qwen2-0.5B',
    precision: 'fp32',
    headPrecision: 'bf16',
    gradientCheckpointing: false,
    prompt: 512,
  },
  {
    ...COMMON,
    model: 'Qwen2-0.5B',
    precision: 'bf16',
    headPrecision: 'bf16',
    gradientCheckpointing: false,
    prompt: 512,
  },
  { ...NF4, model: 'Qwen2-0.5B', prompt: 512 },
]
const CASES: readonly MemoryCase[] = [
  ...SMALL,
  { ...NF4, model: 'Qwen2-7B', prompt: 512 },
  { ...NF4, model: 'Qwen2-7B', headPrecision: 'nf4', prompt: 512 },
  { ...NF4, model: 'Qwen2-7B', prompt: 1024 },
]
/** To see that everything runs. */
const QUICK: readonly MemoryCase[] = [{ ...NF4, model: 'Qwen2-0.5B', prompt: 32, completion: 8 }]

/** Measures each case in a process of its own and reports its peak with the estimate as the peer. */
export async function benchMemory(report: Reporter, quick: boolean): Promise<void> {
  for (const memoryCase of quick ? QUICK : CASES) {
    const { stdout } = await run(
      process.execPath,
      [join(import.meta.dirname, 'memory-step.ts'), JSON.stringify(memoryCase)],
      { timeout: TIME_LIMIT },
    )
    const { step, seconds, gradNorm } = resultSchema.parse(JSON.parse(stdout))
    if (!(gradNorm > 0)) throw new Error(`The step of ${title(memoryCase)} had no gradient.`)
    report.figure(figure(BENCH, title(memoryCase), 'GB at the peak', step / GB, 'estimate', estimated(memoryCase) / GB))
    const parts = Object.entries(seconds).map(([part, time]) => `${part} ${time.toFixed(0)} s`)
    report.note(`${title(memoryCase)}: ${parts.join(', ')}.`)
  }
}

/** Bytes that the estimate says before the step. */
export function estimated({ model, r, prompt, completion, ...holding }: MemoryCase): number {
  return estimateMemory({
    ...holding,
    packedBytes: 4,
    config: publishedShape(model)!,
    lora: loraOf(r),
    frozenAdapters: 0,
    tokens: prompt + 2 * completion,
    targets: 2 * completion,
    context: prompt + completion,
  }).total
}

function title({ model, precision, headPrecision, gradientCheckpointing, prompt, completion }: MemoryCase): string {
  const held = precision === 'fp32' ? 'fp32' : `${precision}, head ${headPrecision}`
  return `DPO step, ${model} in ${held}, ${prompt} + 2 x ${completion} tokens${gradientCheckpointing ? ', checkpointing' : ''}`
}
