/** Measures what holding answers to a page costs: tokens a second with and without the constraint, by turns. */

import { pageConstraint } from '../main/agent/constraint.ts'
import { AgentModel } from '../main/agent/model.ts'
import type { Engine, Sampling, Vocabulary } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { uniformStream } from '../main/engine/random.ts'
import { randomStream } from '../main/engine/random-stream.ts'
import { publishedShape } from '../main/engine/shapes.ts'
import type { Observation, ObservedElement } from '../main/environment/observation.ts'
import { projectPath } from '../main/files/paths.ts'
import { figure, type Reporter } from './figure.ts'
import { median, timed } from './measure.ts'
import { type Selection, selects } from './selection.ts'

const BATCHES = [1, 32] as const
const TEMPERATURES = [0, 0.8] as const
/** As many as an answer has. */
const TOKENS = 48
const ROUNDS = 15

interface Subject {
  readonly title: string
  readonly engine: Engine
  readonly vocabulary: Vocabulary
  readonly stops: readonly number[]
}

/** Reports tokens a second for the shipped model and for Qwen2-0.5B's shape, whose vocabulary is the largest. */
export async function benchConstraint(report: Reporter, quick: boolean, { model }: Selection): Promise<void> {
  for (const [title, open] of Object.entries({ 'the shipped model': shipped, 'Qwen2-0.5B’s shape': large })) {
    if (!selects(model, title) || (quick && open === large)) continue
    const subject = await open(title)
    await compare(subject, report, quick ? 1 : ROUNDS)
    await subject.engine.close()
  }
}

async function compare({ title, engine, vocabulary, stops }: Subject, report: Reporter, rounds: number): Promise<void> {
  const page = pageOf(15)
  const uniform = uniformStream(1)
  const made: number[] = []
  for (const batch of BATCHES) {
    for (const temperature of TEMPERATURES) {
      const prompt = Int32Array.from({ length: 200 }, () => Math.floor(uniform() * 900))
      /** Tokens a second after the first ones, which cost a prompt. */
      const speed = async (held: boolean, round: number): Promise<number> => {
        const prompts = Array.from({ length: batch }, () => prompt)
        const seeds = prompts.map((_, i) => batch * round + i)
        const sampling: Sampling = { temperature, top_p: 1, max_new_tokens: 1, stop_token_ids: [], seeds }
        const first = await timed(() => engine.generate(prompts, sampling, null))
        const began = performance.now()
        const constraint = held ? pageConstraint(vocabulary, page, TOKENS) : null
        if (held) made.push(performance.now() - began)
        const longer = {
          ...sampling,
          max_new_tokens: TOKENS,
          stop_token_ids: held ? stops : [],
          constraints: prompts.map(() => constraint),
        }
        let tokens = -batch
        const all = await timed(async () => {
          for (const completion of await engine.generate(prompts, longer, null)) tokens += completion.tokens.length
        })
        return tokens / (all - first)
      }
      const speeds: Record<'held' | 'free', number[]> = { held: [], free: [] }
      for (let round = 0; round <= rounds; round++) {
        for (const name of ['held', 'free'] as const) {
          const measured = await speed(name === 'held', round)
          // The first round warms up.
          if (round > 0) speeds[name].push(measured)
        }
      }
      const name = `${title}: batch ${batch}, temperature ${temperature}`
      report.figure(figure('constraint', name, 'tokens/s', median(speeds.held), 'free', median(speeds.free)))
    }
  }
  report.note(`${title}: the constraint of a page of 15 elements is made in ${(1000 * median(made)).toFixed(0)} us.`)
}

async function shipped(title: string): Promise<Subject> {
  const { engine, tokenizer } = await AgentModel.load({ model: projectPath('models/base'), engine: 'native' })
  return { title, engine, vocabulary: tokenizer.vocabulary, stops: tokenizer.stopTokenIds }
}

/** Random weights, and tokens of random letters. */
async function large(title: string): Promise<Subject> {
  const config = publishedShape('Qwen/Qwen2-0.5B-Instruct')!
  const engine = await createNativeEngine(config, randomStream(config, 1), { precision: 'bf16', products: 'bf16' })
  const uniform = uniformStream(2)
  const size = config.vocab_size - 300
  const tokens = Array.from({ length: size }, (_, token) =>
    token < 256
      ? Buffer.of(token)
      : Buffer.from(Array.from({ length: 3 + Math.floor(uniform() * 6) }, () => 97 + Math.floor(uniform() * 26))),
  )
  // Half of the tokens begin with a blank, as they do in Qwen2's.
  for (const [token, bytes] of tokens.entries()) if (token >= 256 && token % 2 === 0) bytes[0] = 32
  const offsets = new Int32Array(size + 1)
  for (const [token, bytes] of tokens.entries()) offsets[token + 1] = offsets[token]! + bytes.length
  return { title, engine, vocabulary: { bytes: Buffer.concat(tokens), offsets }, stops: [size + 2] }
}

const WORDS = [
  'Ok',
  'Cancel',
  'user',
  'name',
  'country',
  'Submit',
  'search',
  'nibh',
  'Lorem',
  'ipsum',
  'dolor',
  'email',
]

function pageOf(count: number): Observation {
  const element = (_: unknown, i: number): ObservedElement => {
    const name = `${WORDS[i % WORDS.length]} ${WORDS[(3 * i) % WORDS.length]}`
    const role = i % 5 === 1 ? 'textbox' : i % 7 === 6 ? 'combobox' : 'button'
    return { ref: i + 1, role, name, states: [], ...(role === 'combobox' ? { options: WORDS } : {}) }
  }
  return { instruction: '', elements: Array.from({ length: count }, element), dropped: 0 }
}
