/** A training whose host is killed at random instants, and resumed, against the same training left alone. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { HOLDING } from '../../../testing/hosted.ts'
import { randomAdapter, randomModel, TINY } from '../../../testing/random-model.ts'
import { configSchema } from '../../config/schema.ts'
import { streamTensors } from '../../engine/checkpoint/tensor-stream.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Host } from '../../engine/host/host.ts'
import { startNodeHost } from '../../engine/host/node-host.ts'
import { openRemoteEngine } from '../../engine/host/remote-engine.ts'
import { uniformStream } from '../../engine/random.ts'
import { UserError } from '../../messages/error.ts'
import { Store } from '../../store/store.ts'
import { trainSft } from '../../training/sft.ts'
import { runArtifacts } from '../artifacts.ts'
import type { Resources } from '../resources.ts'
import type { StageContext } from '../stage.ts'
import { trainAdapter } from './training.ts'

const STEPS = 37
const folder = mkdtempSync(join(tmpdir(), 'killed-'))
const store = new Store(join(folder, 'lab.sqlite'))
const config = configSchema.parse({
  paths: { reports: folder },
  lora: { r: 2, target_modules: ['q_proj'], lora_dropout: 0.1 },
})
const example = (...tokens: number[]) => ({ prompt: Int32Array.of(...tokens), completion: Int32Array.of(2, 1) })

/** A stage of a fresh run. */
function stage(): StageContext {
  const run = store.runs.create('trial', 'sft', config)
  const arm = (name: string) => ({ run, stage: 'sft', round: 0, arm: name })
  return {
    config,
    store,
    run,
    round: 0,
    collection: null,
    artifacts: runArtifacts(config, { id: run, name: `trial-${run}` }),
    resources: {} as Resources,
    signal: new AbortController().signal,
    arm,
    progress() {},
    metrics() {},
    say() {},
    tell() {},
  }
}

/** Trains, or goes on from the last checkpoint, and returns the bytes of the adapter. */
async function train(context: StageContext, engine: Engine): Promise<Buffer> {
  const target = context.artifacts.adapter('sft', 0)
  await trainAdapter(context, {
    engine,
    arm: 'sft',
    lora: config.lora,
    weights: () => randomAdapter(TINY, config.lora, 3, 0.3),
    maxSteps: STEPS,
    folder: target,
    baseModelName: 'models/none',
    base: null,
    promptName: 'compact',
    train: (adapter, hooks) =>
      trainSft({
        engine,
        adapter,
        examples: [example(2, 3), example(4, 5, 6), example(6, 7)],
        evalExamples: [example(2, 3)],
        options: { ...config.training.sft, max_steps: STEPS, batch_size: 2, patience: 10, seed: 3 },
        hooks,
      }),
  })
  return readFileSync(join(target, 'adapter_model.safetensors'))
}

const PROGRAM = fileURLToPath(new URL('../../../testing/host-program.ts', import.meta.url))
const WISH = { name: null, power: null } as const

async function start(): Promise<{ host: Host; engine: Engine }> {
  const host = startNodeHost({ program: PROGRAM })
  const what = { kind: 'tfjs', config: TINY, wish: WISH, holding: HOLDING } as const
  return { host, engine: await openRemoteEngine(host, what, streamTensors(randomModel(TINY, 1))) }
}

test('a training whose host is killed four times ends with the same bytes', { timeout: 120_000 }, async () => {
  const alone = await start()
  const began = performance.now()
  const expected = await train(stage(), alone.engine)
  const whole = performance.now() - began
  await alone.engine.close()

  const uniform = uniformStream(7)
  const context = stage()
  let killed = 0
  for (let time = 0; time < 4; time++) {
    const { host, engine } = await start()
    const timer = setTimeout(() => void host.end(), whole * uniform())
    await train(context, engine).then(
      () => {},
      (error: unknown) => {
        expect(error).toBeInstanceOf(UserError)
        killed++
      },
    )
    clearTimeout(timer)
    await engine.close()
  }
  expect(killed).toBeGreaterThan(0)
  const { engine } = await start()
  expect((await train(context, engine)).equals(expected)).toBe(true)
  await engine.close()
})
