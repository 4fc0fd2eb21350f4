/**
 * Trains the base model that ships with the lab, only on made-up pages: `npm run base:train`. The same command goes on with a
 * training that was stopped or killed. The finished model is written to models/base in Hugging Face layout.
 */
import { parseArgs } from 'node:util'
import { pretrain } from './pretrain.ts'

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: 'models/base-training' },
    out: { type: 'string', default: 'models/base' },
    steps: { type: 'string', default: '16000' },
    decay: { type: 'string', default: '0.2' },
    pages: { type: 'string', default: '16' },
    learning_rate: { type: 'string', default: '1.5e-3' },
    hidden: { type: 'string', default: '256' },
    layers: { type: 'string', default: '6' },
    heads: { type: 'string', default: '8' },
    kv: { type: 'string', default: '4' },
    intermediate: { type: 'string', default: '640' },
    vocabulary: { type: 'string', default: '1024' },
    threads: { type: 'string' },
    products: { type: 'string', default: 'bf16' },
    seed: { type: 'string', default: '1' },
  },
})

const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())

const finished = await pretrain({
  settings: {
    hidden_size: Number(values.hidden),
    intermediate_size: Number(values.intermediate),
    num_hidden_layers: Number(values.layers),
    num_attention_heads: Number(values.heads),
    num_key_value_heads: Number(values.kv),
    vocab_size: Number(values.vocabulary),
    pages: Number(values.pages),
    learning_rate: Number(values.learning_rate),
    seed: Number(values.seed),
  },
  steps: Number(values.steps),
  decay: Number(values.decay),
  folder: values.folder,
  out: values.out,
  engine: {
    products: values.products === 'fp32' ? 'fp32' : 'bf16',
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
  },
  signal: stopped.signal,
  log: (line) => console.log(line),
})
console.log(finished ? `Finished; the model is in ${values.out}.` : 'Stopped. The same command goes on.')
