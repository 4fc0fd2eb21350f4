/**
 * `npm run test:crash -- --kills 100`: kills the whole process group of the lab at random instants and at exact calls, in
 * every command, goes on, and compares with a lab that nobody killed. Ends with 1 if anything differs or is left behind.
 * `--seed N` chooses other instants, `--kill N` repeats one kill, `--from N` begins with that number, so that a campaign
 * can be run in pieces. `--host node` or `--host page` kills the host of the engine on WebGPU instead, in sft and dpo.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { JOURNEY } from '../campaign/journey.ts'
import { crashCampaign } from './campaign.ts'
import { hostCampaign } from './hosts.ts'
import type { Killed } from './kill.ts'
import { killTable, sumOf, tellKill } from './table.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    kill: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    keep: { type: 'boolean', default: false },
    host: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const names = JOURNEY.map(({ name }) => name)
const only = values.only ?? names
const unknown = only.find((name) => !names.includes(name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${names.join(', ')}.`)

const numbers =
  values.kill === undefined
    ? Array.from({ length: Number(values.kills) }, (_, at) => Number(values.from) + at)
    : [Number(values.kill)]
const seed = Number(values.seed)
const began = performance.now()
const { host } = values
const common = {
  numbers,
  seed,
  tell: (line: string) => console.error(line),
  onKill: (one: Killed) => console.log(values.json ? JSON.stringify(one) : tellKill(one)),
}
const killed =
  host === 'node' || host === 'page'
    ? await hostCampaign({ ...common, host })
    : await crashCampaign({ ...common, steps: JOURNEY, only, jobs: Number(values.jobs), keep: values.keep })
const sum = { ...sumOf(killed), seed, seconds: Math.round((performance.now() - began) / 1000) }
console.log(values.json ? JSON.stringify(sum) : killTable(killed, sum))
process.exitCode = sum.lost + sum.left === 0 ? 0 : 1
