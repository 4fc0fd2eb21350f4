/** For tests of the report: a made-up run with everything that a report can show. */

import type { ReportData } from '../main/evaluation/summary.ts'
import { message } from '../main/messages/message.ts'
import type { Ending, Episode, FailureReason } from '../main/store/episode.ts'
import type { Metric } from '../main/store/metrics.ts'

/** Success rates by task: SFT, DPO, SFT on own successes, NLL on chosen, replay. */
const RATES: Readonly<Record<string, readonly [number, number, number, number, number]>> = {
  'click-button': [0.8, 0.96, 0.95, 0.94, 0.84],
  'click-link': [0.7, 0.92, 0.9, 0.88, 0.74],
  'click-tab': [0.4, 0.82, 0.66, 0.64, 0.45],
  'click-checkboxes': [0.3, 0.74, 0.58, 0.6, 0.36],
  'enter-text': [0.75, 0.9, 0.92, 0.9, 0.8],
  'login-user': [0.6, 0.8, 0.82, 0.78, 0.64],
  'choose-list': [0.5, 0.52, 0.5, 0.5, 0.52],
}
const ARMS = ['sft', 'dpo', 'success_sft', 'nll_chosen', 'replay'] as const

const REASONS: readonly FailureReason[] = ['wrong', 'wrong', 'wrong', 'steps', 'mismatch', 'covered']

/** Hostile texts of a page: the report must show them as text. */
export const HOSTILE = '</style><script>alert("1")</script><img src=x onerror=alert(1)>'

/** The first bytes of any JPEG. */
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)

export function sampleRun(problems = 50): ReportData {
  const next = stream(7)
  const episodes = new Map(ARMS.map((arm) => [arm, [] as Episode[]]))
  for (const [task, rates] of Object.entries(RATES)) {
    for (let seed = 0; seed < problems; seed++) {
      const difficulty = next()
      ARMS.forEach((arm, i) => {
        const ending = (): Ending => {
          if (next() < 0.004) return { outcome: 'fault', fault: message('verbatim', { text: HOSTILE }), reward: 0 }
          if (0.8 * difficulty + 0.2 * next() < rates[i]!) return { outcome: 'success', reward: 1 }
          return { outcome: 'failure', reason: REASONS[Math.floor(next() * REASONS.length)]!, reward: 0 }
        }
        const problem = { task, seed, attempt: 0, instruction: HOSTILE }
        episodes.get(arm)!.push({ ...problem, ...ending(), steps: [], duration: 9 })
      })
    }
  }
  return {
    run: { id: 12, name: 'dpo-driver', started: Date.UTC(2026, 0, 2, 15, 4) },
    arms: ARMS.map((name) => ({ name, episodes: episodes.get(name)! })),
    categoryOf: (task) => (task.startsWith('click') ? 'click' : task.startsWith('choose') ? 'select' : 'type'),
    metrics: [...curves('sft', 0, '', 60, next), ...[1, 2].flatMap((round) => rounds(round, next))],
    pairs: [1, 2].map((round) => ({
      round,
      counts: {
        episodes: 1680,
        successes: 1100 + 100 * round,
        failures: 570 - 100 * round,
        faults: 10,
        seeds: 280,
        seedsOnlySuccesses: 60 + 40 * round,
        seedsOnlyFailures: 30,
        pairs: 210 - 30 * round,
        sameActions: 4,
        pageDiffers: 2,
        ended: 0,
        duplicates: 130,
        slips: 31,
        overCap: 24,
        hard: 0,
      },
    })),
    examples: [
      {
        arm: 'dpo',
        task: 'click-tab',
        seed: 1_000_003,
        ending: { outcome: 'failure', reason: 'steps', reward: 0 },
        steps: [
          { page: `tab ${HOSTILE} 1`, thought: HOSTILE, action: 'click Tab 1', picture: null },
          { page: 'tab 2', thought: 'The second tab is next.', action: 'click Tab 2', picture: JPEG },
        ],
      },
    ],
    unsolved: [{ task: 'click-tab', seed: 100_004, unsolved: 19, problems: 40, share: 19 / 280 }],
    truncations: [],
    wall: { verify: 2.1, golden: 1.4, sft: 31.5, collect: 68.2, dpo: 74.9, evaluate: 96.3 },
    facts: {
      Model: 'models/base, 4.1M parameters',
      Engine: 'native, AVX-512, 2 threads',
      Reference: 'the SFT policy, its log-probabilities computed once before training',
      'Golden samples': '26 (2 a task)',
    },
    settings: { project: { name: HOSTILE, seed: 42 }, training: { dpo: { beta: 0.1, learning_rate: 5e-4 } } },
  }
}

function rounds(round: number, next: () => number): Metric[] {
  return ARMS.slice(1).flatMap((arm) => curves('dpo', round, arm, 80, next))
}

/** Training curves of one arm. */
export function curves(stage: string, round: number, arm: string, steps: number, next: () => number): Metric[] {
  return Array.from({ length: steps }, (_, i) => {
    const step = i + 1
    const fall = Math.exp(-step / 25)
    const noise = (size: number) => size * (next() - 0.5)
    const values: Record<string, number> =
      stage === 'sft'
        ? { loss: 0.05 + 1.9 * fall + noise(0.1), ...(step % 5 === 0 ? { eval_loss: 0.3 + 1.6 * fall } : {}) }
        : {
            loss: 0.3 + 0.5 * fall + noise(0.1),
            'rewards/chosen': 0.06 * (1 - fall) + noise(0.03),
            'rewards/rejected': -0.6 * (1 - fall) + noise(0.1),
            'rewards/margins': 0.66 * (1 - fall) + noise(0.1),
            'rewards/accuracies': Math.min(1, 0.6 + 0.35 * (1 - fall) + noise(0.3)),
            'logps/chosen': -3 + 0.5 * (1 - fall) + noise(0.5),
            'logps/rejected': -4 - 6 * (1 - fall) + noise(1),
            'replay/loss': (arm === 'dpo' ? 0.2 : 0.1) * (1 - fall) + 0.02 + noise(0.02),
          }
    return Object.entries(values).map(([name, value]) => ({ run: 12, stage, round, arm, step, name, value }))
  }).flat()
}

/** Numbers in [0, 1), the same for a seed. */
export function stream(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
