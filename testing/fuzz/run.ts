/**
 * `npm run test:fuzz -- --inputs 10000`: seeded mutations of every file that the lab reads, through the loaders that read
 * it. Each must be taken or told in a sentence. A stack, a crash, a hang or a memory eater is printed with the command that
 * repeats it, and the exit code is 1. `--seed N` chooses other mutations, `--only KIND` one kind, `--input N` one input.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { fuzz, inputsOf } from './campaign.ts'
import { KINDS } from './kinds.ts'
import { fuzzTable, isFault, tellFault } from './table.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    input: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    limit: { type: 'string', default: '20' },
    told: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const names = Object.keys(KINDS)
const kinds = values.only ?? names
const unknown = kinds.find((name) => !names.includes(name))
if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${names.join(', ')}.`)

const seed = Number(values.seed)
const inputs =
  values.input === undefined
    ? inputsOf(kinds, Number(values.inputs))
    : kinds.map((kind) => ({ kind, number: Number(values.input) }))
const began = performance.now()
const results = await fuzz({
  inputs,
  seed,
  jobs: Number(values.jobs),
  limit: Number(values.limit),
  onResult(result) {
    if (values.json) console.log(JSON.stringify(result))
    else if (isFault(result)) console.log(tellFault(result, seed))
    else if (values.told || values.input !== undefined)
      console.log(`${result.kind} ${result.number}: ${result.verdict} ${result.text}`)
  },
})
if (!values.json) console.log(fuzzTable(results, seed, Math.round((performance.now() - began) / 1000)))
process.exitCode = results.some(isFault) ? 1 : 0
