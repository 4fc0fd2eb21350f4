/** Compares the preference losses with TRL's own code: values, and derivatives by the policy's log-probabilities. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { uniformStream } from '../main/engine/random.ts'
import { type LossType, PREFERENCE_LOSSES, withChosenNll } from '../main/training/losses.ts'

const run = promisify(execFile)

/** Time limit for Python, in milliseconds. Most of the time goes into loading libraries. */
const TIME_LIMIT = 300_000
/** Random pairs of each loss and option. */
const PAIRS = 100

/** The input of a loss, with each completion's log-probabilities by token. */
interface Case {
  readonly name: string
  readonly loss_type: LossType
  readonly beta: number
  readonly label_smoothing: number
  readonly rpo_alpha: number
  readonly desirable_weight: number
  readonly undesirable_weight: number
  readonly chosen: readonly number[]
  readonly rejected: readonly number[]
  readonly refChosen: number
  readonly refRejected: number
  readonly kl: number
}

const resultsSchema = z.array(z.object({ loss: z.number(), dChosen: z.number(), dRejected: z.number() }))

/** The worst of a loss's cases: |ours - theirs| / max(1, |theirs|). */
export interface LossRow {
  readonly loss: string
  readonly value: number
  readonly derivatives: number
}

/** Compares every loss on random pairs, from nearly equal to far apart. */
export async function compareLosses(python: string): Promise<LossRow[]> {
  const cases = lossCases()
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-losses-'))
  try {
    const [asked, answered] = [join(folder, 'cases.json'), join(folder, 'results.json')]
    await writeFile(asked, JSON.stringify(cases))
    await run(python, [join(import.meta.dirname, 'parity_trl.py'), asked, answered], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' },
    })
    const theirs = resultsSchema.parse(JSON.parse(await readFile(answered, 'utf8')))
    if (theirs.length !== cases.length) throw new Error('TRL answered another number of cases')
    const rows = new Map<string, LossRow>()
    cases.forEach((one, i) => {
      const ours = lossOf(one)
      const { loss, dChosen, dRejected } = theirs[i]!
      const before = rows.get(one.name) ?? { value: 0, derivatives: 0 }
      const slopes = Math.max(difference(ours.dChosen, dChosen), difference(ours.dRejected, dRejected))
      rows.set(one.name, {
        loss: one.name,
        value: Math.max(before.value, difference(ours.loss, loss)),
        derivatives: Math.max(before.derivatives, slopes),
      })
    })
    return [...rows.values()]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function lossOf({ loss_type, rpo_alpha, chosen, rejected, refChosen, refRejected, kl, ...options }: Case) {
  const loss = PREFERENCE_LOSSES[loss_type]
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const pair = {
    chosen: sum(chosen),
    rejected: sum(rejected),
    refChosen,
    refRejected,
    chosenTokens: chosen.length,
    rejectedTokens: rejected.length,
    kl,
  }
  return (rpo_alpha > 0 ? withChosenNll(loss, rpo_alpha) : loss)(pair, options)
}

function lossCases(): Case[] {
  const uniform = uniformStream(1)
  const kinds: readonly (Pick<Case, 'name' | 'loss_type' | 'label_smoothing' | 'rpo_alpha'> &
    Partial<Pick<Case, 'undesirable_weight'>>)[] = [
    { name: 'sigmoid', loss_type: 'sigmoid', label_smoothing: 0, rpo_alpha: 0 },
    { name: 'hinge', loss_type: 'hinge', label_smoothing: 0, rpo_alpha: 0 },
    { name: 'ipo', loss_type: 'ipo', label_smoothing: 0, rpo_alpha: 0 },
    { name: 'robust, label_smoothing 0.1', loss_type: 'robust', label_smoothing: 0.1, rpo_alpha: 0 },
    { name: 'sigmoid_norm', loss_type: 'sigmoid_norm', label_smoothing: 0, rpo_alpha: 0 },
    { name: 'kto', loss_type: 'kto', label_smoothing: 0, rpo_alpha: 0 },
    {
      name: 'kto, undesirable_weight 0.4',
      loss_type: 'kto',
      label_smoothing: 0,
      rpo_alpha: 0,
      undesirable_weight: 0.4,
    },
    { name: 'apo_zero', loss_type: 'apo_zero', label_smoothing: 0, rpo_alpha: 0 },
    { name: 'sigmoid with rpo_alpha 0.5', loss_type: 'sigmoid', label_smoothing: 0, rpo_alpha: 0.5 },
    { name: 'ipo with rpo_alpha 0.5', loss_type: 'ipo', label_smoothing: 0, rpo_alpha: 0.5 },
  ]
  const logprobs = () => Array.from({ length: 1 + Math.floor(uniform() * 40) }, () => Math.log(1 - uniform()))
  return kinds.flatMap((kind) =>
    Array.from({ length: PAIRS }, (_, i) => {
      const [chosen, rejected] = [logprobs(), logprobs()]
      // From a policy that is almost the reference to one far from it.
      const far = 10 ** ((3 * i) / PAIRS - 1)
      const reference = (values: readonly number[]) =>
        values.reduce((total, value) => total + value, 0) + far * (2 * uniform() - 1)
      return {
        desirable_weight: 1,
        undesirable_weight: 1,
        ...kind,
        beta: i % 2 === 0 ? 0.1 : 0.5,
        chosen,
        rejected,
        refChosen: reference(chosen),
        refRejected: reference(rejected),
        kl: far * uniform(),
      }
    }),
  )
}

function difference(ours: number, theirs: number): number {
  return Math.abs(ours - theirs) / Math.max(1, Math.abs(theirs))
}
