/** Compares adapters in PEFT's spellings: read here, written again for PEFT, and merged. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { mergeAdapter } from '../main/adapters/merge.ts'
import { loadAdapter, saveAdapter } from '../main/engine/adapter/adapter.ts'
import { fingerprintOf } from '../main/engine/adapter/base-identity.ts'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { readSafetensors } from '../main/engine/checkpoint/safetensors.ts'
import type { Tensors } from '../main/engine/engine.ts'
import { createNativeEngine } from '../main/engine/native/engine.ts'
import { english } from '../main/messages/say.ts'
import { FIXTURE, parityForest, parityModel, slopes } from '../testing/parity-models.ts'
import { mostDifference, worstGradient } from './differences.ts'

const run = promisify(execFile)

/** Python's time limit, in milliseconds. */
const TIME_LIMIT = 600_000

/** The worst figures of a spelling: log-probabilities in nats, gradients relative to a tensor's norm. */
export interface AdapterRow {
  readonly spelling: string
  readonly logprobs: number
  readonly gradients: number
  /** Of the adapter that this lab writes of it, in PEFT. */
  readonly again: number
  /** Of the checkpoint that this lab merges it into, in transformers. */
  readonly merged: number
}

/**
 * The rows of one Python, and the warnings that this lab or PEFT gave. Throws where an adapter that PEFT wrote does not load.
 */
export async function compareAdapters(python: string): Promise<{ rows: AdapterRow[]; warnings: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  const ask = async (mode: 'make' | 'reload') => {
    const { stdout } = await run(python, [join(import.meta.dirname, 'parity_adapters.py'), mode, folder], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
    })
    return { stdout, results: await readSafetensors(join(folder, `${mode}.safetensors`)) }
  }
  try {
    const { config, base, tokens } = parityModel({ ...FIXTURE, config: { ...FIXTURE.config, num_hidden_layers: 3 } })
    const model = { name: join(folder, 'base'), folder: join(folder, 'base') }
    await saveCheckpoint(model.folder, config, base)
    const print = await fingerprintOf(model)
    await writeFile(
      join(folder, 'spec.json'),
      JSON.stringify({ tokens: [...tokens], slopes: [...slopes(tokens.length - 1)] }),
    )
    const theirs = (await ask('make')).results
    const engine = await createNativeEngine(config, base)
    const warnings: string[] = []
    const here: (Pick<AdapterRow, 'spelling' | 'gradients'> & { actual: Float32Array; gradientsHere: Tensors })[] = []
    for (const spelling of await readdir(join(folder, 'theirs'))) {
      const from = join(folder, 'theirs', spelling)
      const { lora, tensors } = await loadAdapter(from, config, {
        base: model,
        warn: (told) => warnings.push(english(told)),
      })
      await engine.addAdapter(spelling, lora, tensors)
      await engine.train(spelling)
      const { logprobs } = await engine.accumulate(parityForest(tokens), (scores) => slopes(scores.logprobs.length))
      const gradientsHere = await engine.gradients()
      const gradients = worstGradient(gradientsHere, theirs, `${spelling}/gradient/`)
      here.push({ spelling, actual: logprobs, gradients, gradientsHere })
      await saveAdapter(join(folder, 'ours', spelling), lora, await engine.adapterWeights(spelling), model.name, {
        fingerprint: print,
      })
      await mergeAdapter(model.folder, join(folder, 'ours', spelling), join(folder, 'merged', spelling))
    }
    await engine.close()
    const { stdout, results } = await ask('reload')
    warnings.push(...z.array(z.string()).parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')))
    const rows = here.map(({ spelling, actual, gradients, gradientsHere }) => {
      const against = (from: Tensors, name: string) => mostDifference(actual, from.get(`${name}/logprobs`)!.data)
      return {
        spelling,
        logprobs: against(theirs, spelling),
        gradients: Math.max(gradients, worstGradient(gradientsHere, results, `ours/${spelling}/gradient/`)),
        again: against(results, `ours/${spelling}`),
        merged: against(results, `merged/${spelling}`),
      }
    })
    return { rows, warnings }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
