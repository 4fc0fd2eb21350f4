/** The core of every host program: answers the calls of the lab with an engine. */
import type { TensorStream } from '../checkpoint/tensor-stream.ts'
import type { Constraint, Engine, Vocabulary } from '../engine.ts'
import type { AdapterFacts, AdapterWish } from './adapter.ts'
import { type Answers, Line } from './line.ts'
import type { Port } from './port.ts'
import { HOST_FORMS, LAB_FORMS, type Opening } from './seam.ts'

/** What a host program has of its own. */
export interface HostProgram {
  /** The adapter that it would compute on. */
  adapter(wish: AdapterWish): Promise<AdapterFacts>
  open(opening: Opening, weights: TensorStream): Promise<Engine>
  /** An error for the user in place of one of the device's; others as they are. */
  inWords(error: unknown): unknown
}

/** Answers calls until the lab has closed the engine, or the line has ended. */
export async function serveEngine(port: Port, program: HostProgram): Promise<void> {
  const closed = Promise.withResolvers<void>()
  const vocabularies = new Map<number, Vocabulary>()
  let opened: Engine | undefined
  const engine = (): Engine => {
    if (opened === undefined) throw new Error('The host has no engine yet.')
    return opened
  }
  const line: Line<typeof LAB_FORMS, typeof HOST_FORMS> = new Line(
    port,
    LAB_FORMS,
    HOST_FORMS,
    {
      adapter: (wish) => program.adapter(wish),
      async open(opening) {
        opened = await program.open(opening, streamFrom(line, opening.files))
        return { description: opened.description, holding: opened.holding }
      },
      addAdapter: ({ name, lora, weights }) => engine().addAdapter(name, lora, weights),
      removeAdapter: (name) => engine().removeAdapter(name),
      adapterWeights: (name) => engine().adapterWeights(name),
      baseWeights: () => engine().baseWeights(),
      train: (target) => engine().train(target),
      logprobs: ({ forest, adapter }, { signal }) => engine().logprobs(forest, adapter, signal),
      accumulate: ({ forest, dropoutSeed, key }, { signal }) =>
        engine().accumulate(forest, (scores) => line.call('slopes', { key, scores }), dropoutSeed, signal),
      gradients: () => engine().gradients(),
      step: (adamW) => engine().step(adamW),
      optimizerState: () => engine().optimizerState(),
      setOptimizerState: (state) => engine().setOptimizerState(state),
      addVocabulary({ number, bytes, offsets }) {
        vocabularies.set(number, { bytes, offsets })
      },
      generate({ prompts, sampling, held, constraints, adapter, streams }, { signal, tell }) {
        const made = constraints.map(({ vocabulary, ...rest }): Constraint => {
          const words = vocabularies.get(vocabulary)
          if (words === undefined) throw new Error(`The host has no vocabulary ${vocabulary}.`)
          return { vocabulary: words, ...rest }
        })
        const each = held === null ? {} : { constraints: held.map((index) => (index === -1 ? null : made[index]!)) }
        return engine().generate(prompts, { ...sampling, ...each }, adapter, {
          signal,
          ...(streams ? { onToken: tell } : {}),
        })
      },
      async close() {
        await opened?.close()
        closed.resolve()
      },
    } satisfies Answers<typeof HOST_FORMS>,
    program.inWords,
  )
  await Promise.race([closed.promise, line.ended])
}

/** The weights that the lab reads piece by piece, with one piece under way while another is in use. */
function streamFrom(line: Line<typeof LAB_FORMS, typeof HOST_FORMS>, files: ReadonlyMap<string, string>): TensorStream {
  return {
    fileOf: (name) => files.get(name) ?? '',
    async *pieces(name) {
      let next = line.call('piece', name)
      for (let piece = await next; piece !== null; piece = await next) {
        next = line.call('piece', name)
        // Whoever stops reading leaves it unheard.
        next.catch(() => {})
        yield piece
      }
    },
  }
}
