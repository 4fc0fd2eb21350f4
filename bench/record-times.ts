/**
 * Records how long episodes take on this machine, for the simulated machines of the bench of workers:
 * `npx node bench/record-times.ts MODEL [SEEDS]`. The model plays the tasks of the configuration, four attempts at each problem at
 * temperature 0.8, and the milliseconds of every episode go into workers-times.json, beside how they were recorded.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { rollout } from '../main/agent/rollout.ts'
import { loadConfig } from '../main/config/config.ts'
import { openResources } from '../main/pipeline/resources.ts'
import { jobsOf, sampled } from '../main/pipeline/stages/play.ts'
import { kindOf } from '../main/workers/requirements.ts'
import { type Recording, recordingsSchema } from './workers-times.ts'

const SEED = 3_100_000
const FILE = join(import.meta.dirname, 'workers-times.json')

const [name = 'models/base', seeds = '2'] = process.argv.slice(2)
const config = loadConfig(undefined, { 'model.base_model_name': name })
const resources = openResources(config)
try {
  const model = await resources.model()
  const environment = resources.environment()
  const jobs = jobsOf(resources.tasksNamed(config.tasks), SEED, Number(seeds), 4)
  const began = performance.now()
  const episodes = await rollout(model, environment, jobs, { adapter: null, sampling: sampled(config, 0.8, 1) })
  const seconds = (performance.now() - began) / 1000
  const recording: Recording = {
    model: name.split('/').at(-1)!,
    kind: kindOf(model.engine),
    cores: availableParallelism(),
    pages: environment.pages,
    tasks: config.tasks.length,
    rate: Number((episodes.length / seconds).toFixed(2)),
    milliseconds: episodes.map(({ duration }) => Math.round(duration)),
  }
  const others = recordingsSchema
    .parse(JSON.parse(readFileSync(FILE, 'utf8')))
    .filter(({ model }) => model !== recording.model)
  // `npx biome format --write` gives the file its form.
  writeFileSync(FILE, `[\n${[...others, recording].map((one) => JSON.stringify(one)).join(',\n')}\n]\n`)
  console.log(`${episodes.length} episodes, ${recording.rate} a second`)
} finally {
  await resources.close()
}
