/** `dpo-driver estimate`: how much memory and time training will take, without loading a model. */
import type { Command as Program } from 'commander'
import type { MeasuredStages } from '../../main/capacity/duration.ts'
import type { MemoryQuestion } from '../../main/capacity/estimate.ts'
import type { LeastPlan } from '../../main/capacity/forecast.ts'
import type { Lengths } from '../../main/capacity/lengths.ts'
import type { MemoryPlan } from '../../main/capacity/memory.ts'
import type { Config } from '../../main/config/schema.ts'
import type { Card } from '../../main/engine/host/card.ts'
import { controlsOf } from '../../main/evaluation/arms.ts'
import { UserError } from '../../main/messages/error.ts'
import { duration, type Screen } from '../terminal.ts'
import { example, type Terminal } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'

interface EstimateOptions extends ConfigOptions, Partial<Lengths> {
  readonly time?: true
  readonly json?: true
}

export function addEstimate(cli: Program, { out }: Terminal): void {
  cli
    .command('estimate')
    .description('Estimate the peak memory of a DPO step and of generation, part by part, without loading a model')
    .option(
      '--prompt <tokens>',
      'length of the prompts; by default as model.prompt and environment.max_chars make them',
      tokens('--prompt'),
    )
    .option('--completion <tokens>', 'length of each answer, 64 by default', tokens('--completion'))
    .option('--time', 'also estimate how long each stage takes, by measuring this machine for a few seconds')
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration, such as model.precision=nf4')
    .option('--json', 'print JSON, in bytes')
    .addHelpText(
      'after',
      example(
        'npx dpo-driver estimate --set model.base_model_name=Qwen/Qwen2-7B-Instruct model.precision=nf4 lora.r=16 training.dpo.batch_size=1',
      ),
    )
    .action((options: EstimateOptions) => estimate(options, out))
}

/** Returns a parser for a number of tokens. The parser throws UserError where the text is none. */
function tokens(option: string): (text: string) => number {
  return (text) => {
    const count = Number(text)
    if (Number.isInteger(count) && count > 0) return count
    throw new UserError('optionNotTokens', { option })
  }
}

async function estimate(options: EstimateOptions, out: Screen): Promise<void> {
  const { engineOf } = await import('../../main/engine/engine-of.ts')
  const config = await readConfig(options)
  const { architectureOf, fetchShape } = await import('../../main/engine/architecture.ts')
  await fetchShape(config.model.base_model_name)
  const { checkPositions, planMemory } = await import('../../main/capacity/memory.ts')
  const { usualLengths } = await import('../../main/capacity/lengths.ts')
  const usual = usualLengths(config, architectureOf(config.model.base_model_name))
  const { prompt = usual.prompt, completion = usual.completion } = options
  checkPositions(config, prompt, completion)
  const engine = await engineOf(config)
  const asked = { ...options, prompt, completion }
  if (engine === 'webgpu') return estimateCard(config, asked, out)
  if (engine !== 'native') return estimateLeast(config, asked, out)
  const plan = planMemory(config, prompt, completion)
  const { measureStages } = await import('../../main/capacity/duration.ts')
  const measured = options.time === undefined ? undefined : await measureStages(config, plan.question, asked)
  if (options.json) {
    const { question, estimate: peak, generation, free } = plan
    out.write(`${JSON.stringify({ ...peak, generation, free, question, ...measured })}\n`)
    return
  }
  await tellMemory(config, plan, out)
  if (measured !== undefined) tellTimes(config, measured, out)
}

async function tellMemory(config: Config, plan: MemoryPlan, out: Screen): Promise<void> {
  const { gb } = await import('../../main/messages/gigabytes.ts')
  const { question, estimate: peak, generation, free } = plan
  const list = (parts: object) => {
    for (const [part, bytes] of Object.entries(parts)) out.write(partLine(part, gb(bytes)))
  }
  tellQuestion(config, question, gb, out)
  const { saving, ...parts } = peak
  list(parts)
  out.write(`${gb(saving)} more while a checkpoint is saved.\n`)
  tellGenerating(config, out)
  list(generation)
  const room = Math.max(peak.total + saving, generation.total) <= free ? 'enough' : 'not enough'
  out.write(`${gb(free)} are available on this machine now: ${room}.\n`)
}

/** What is planned: how the model is held, and the batch. */
function tellQuestion(config: Config, question: MemoryQuestion, gb: (bytes: number) => string, out: Screen): void {
  const { precision, headPrecision, gradientCheckpointing, keptBytes = 0, lora } = question
  const held = precision === 'fp32' ? 'fp32' : `${precision} (embedding and head ${headPrecision})`
  const recomputed =
    keptBytes === 0 ? 'recomputed in the backward pass' : `kept up to ${gb(keptBytes)}, then recomputed`
  const kept = gradientCheckpointing ? recomputed : 'kept'
  const layers = lora?.layers_to_transform ?? null
  const some = layers === null ? '' : ` on ${layers.length} of ${question.config.num_hidden_layers} layers`
  out.write(`${config.model.base_model_name} in ${held}, LoRA of rank ${lora?.r}${some}, activations ${kept}\n`)
  out.write(`DPO on ${pairsAtATime(config.training.dpo.batch_size)}, ${question.tokens} tokens\n`)
}

function tellGenerating({ environment }: Config, out: Screen): void {
  out.write(`Collecting and evaluating with ${environment.pages} pages at a time, after many pages were read\n`)
}

/** The plans of a step and of generation on a graphics card. */
async function estimateCard(
  config: Config,
  { prompt, completion, json }: EstimateOptions & Lengths,
  out: Screen,
): Promise<void> {
  const { peakOnCard, planOnCard } = await import('../../main/capacity/card.ts')
  const { gb } = await import('../../main/messages/gigabytes.ts')
  const plan = await planOnCard(config, prompt, completion)
  const { question, estimate: peak, generation, card } = plan
  if (json) {
    out.write(`${JSON.stringify({ ...peak, generation, engine: 'webgpu', card, question })}\n`)
    return
  }
  tellQuestion(config, question, gb, out)
  for (const part of ['weights', 'adapter', 'optimizer', 'activations', 'total'] as const) {
    out.write(partLine(part, gb(peak[part])))
  }
  tellGenerating(config, out)
  for (const part of ['weights', 'adapter', 'cache', 'activations', 'total'] as const) {
    out.write(partLine(part, gb(generation[part])))
  }
  const found =
    card === null
      ? 'The system does not tell how much memory the graphics card has.'
      : `${card.name} has ${gb(card.memory)}: ${peakOnCard(plan) <= card.memory ? 'enough' : 'not enough'}.`
  out.write(`${found}\n`)
}

function tellTimes(config: Config, { speed, times }: MeasuredStages, out: Screen): void {
  const { sft, dpo } = config.training
  const controls = controlsOf(config.evaluation).length
  out.write(
    `Measured with one layer of random weights, on this machine as busy as it is now: about ${duration(speed.pair)} a pair ` +
      `(${duration(speed.reference)} more for the reference), ${duration(speed.answer)} an answer.\n`,
  )
  const lines = [
    ['sft', times.sft, `${sft.max_steps} steps at most`],
    ['collect', times.collect, `${times.attempts} attempts, if each takes three answers`],
    [
      'dpo',
      times.dpo,
      `${dpo.max_steps} steps of ${duration(times.step)} a round${controls === 0 ? '' : `, and ${controls} controls`}`,
    ],
    ['evaluate', times.evaluate, 'every policy, if each episode takes three answers'],
  ] as const
  for (const [stage, seconds, what] of lines) out.write(`${partLine(stage, duration(seconds)).trimEnd()}  ${what}\n`)
}

/** The estimate for TensorFlow.js. Only a lower bound is known there. */
async function estimateLeast(
  config: Config,
  { prompt, completion, json }: EstimateOptions & Lengths,
  out: Screen,
): Promise<void> {
  const { planLeast } = await import('../../main/capacity/forecast.ts')
  const { findCard } = await import('../../main/engine/host/card.ts')
  const plan = await planLeast(config, prompt, completion)
  const { engine, estimate: least, free, native } = plan
  const card = engine === 'tfjs-node-gpu' ? await findCard() : null
  if (json) out.write(`${JSON.stringify({ ...least, engine, least: true, free, card, native: native.total })}\n`)
  else await tellLeast(config, plan, card, out)
}

async function tellLeast(config: Config, plan: LeastPlan, card: Card | null, out: Screen): Promise<void> {
  const { gb } = await import('../../main/messages/gigabytes.ts')
  const { engine, estimate: least, free, native } = plan
  out.write(`${config.model.base_model_name} on ${engine}, which holds everything in fp32: training takes at least\n`)
  for (const [part, bytes] of Object.entries(least)) out.write(partLine(part, gb(bytes)))
  out.write('Activations and logits come on top; the lab cannot estimate them.\n')
  if (engine === 'tfjs-node-gpu') {
    const found = card === null ? 'nvidia-smi finds no card here' : `${card.name} has ${gb(card.memory)}`
    out.write(`tfjs-node-gpu computes in the memory of an NVIDIA card: ${found}.\n`)
  }
  const room = least.total <= Math.min(free, card?.memory ?? free) ? '' : ': not enough'
  out.write(`${gb(free)} of memory are available on this machine now${room}.\n`)
  out.write(`The native engine takes about ${gb(native.total)} for a DPO step with NF4 weights: model.engine=native.\n`)
}

function partLine(part: string, size: string): string {
  return `  ${part.padEnd(12)} ${size.padStart(10)}\n`
}

/** "1 pair at a time", "16 pairs at a time". */
function pairsAtATime(count: number): string {
  return `${count} ${count === 1 ? 'pair' : 'pairs'} at a time`
}
