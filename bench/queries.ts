/** Measures the views' queries to the lab, over its WebSocket, with a store that has a long history. */
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { LabRouter } from '../main/rpc/router.ts'
import { type Contender, type Contenders, listed } from './contenders.ts'
import { figure, type Reporter } from './figure.ts'
import type { LargeLab } from './large-lab.ts'
import { interleave, timed } from './measure.ts'
import { type Selection, selects } from './selection.ts'
import { type Serving, serve } from './serving.ts'

/** The most seconds that a view's query may take. */
export const LIMIT = 0.1

type Client = ReturnType<typeof createTRPCClient<LabRouter>>
type Question = (lab: Client) => Promise<unknown>

/** The metrics in the charts of a DPO training. */
const METRICS = [
  'loss',
  'rewards/chosen',
  'rewards/rejected',
  'rewards/margins',
  'rewards/accuracies',
  'logps/chosen',
  'logps/rejected',
  'entropy',
  'replay/loss',
  'grad_norm',
  'learning_rate',
  'tokens_per_second',
  'memory',
]

/** A pair and an episode that the store has, and the numbers of pairs of the last run and of all episodes. */
interface Stored {
  readonly pair: number
  readonly pairs: number
  readonly episode: number
  readonly episodes: number
}

/** The queries of each view. */
function questions({ run }: LargeLab, { pair, pairs, episode, episodes }: Stored): Record<string, Question> {
  const twenty = Array.from({ length: Math.min(20, run) }, (_, at) => run - at)
  const place = { run, round: 1 }
  const arms = [{ run, stage: 'dpo', round: 1, arm: 'dpo' }]
  const names = METRICS
  const page = { offset: 0, limit: 100 }
  return {
    'pipeline: status': (lab) => lab.status.get.query(),
    'pipeline: stages': (lab) => lab.runs.stages.query({}),
    'pipeline: configuration': (lab) => lab.config.form.query(),
    'pipeline: memory': (lab) => lab.status.memory.query({}),
    'pipeline: search of the log': (lab) => lab.job.log.query({ search: 'pairs' }),
    'runs: list': (lab) => lab.runs.list.query(),
    'runs: one run': (lab) => lab.runs.get.query({ run }),
    'runs: twenty runs compared': (lab) => lab.runs.compare.query({ runs: twenty }),
    'runs: a curve of twenty runs': (lab) =>
      lab.metrics.curves.query({
        arms: twenty.map((one) => ({ ...arms[0]!, run: one })),
        names: ['loss'],
        points: 320,
      }),
    'runs: a setting of all': (lab) => lab.runs.values.query({ keys: ['training.dpo.beta'] }),
    'runs: adapters': (lab) => lab.adapters.list.query(),
    'results: runs': (lab) => lab.results.runs.query(),
    'results: table': (lab) => lab.results.get.query({ run }),
    'results: problems': (lab) => lab.results.outcomes.query({ run }),
    'training: arms': (lab) => lab.metrics.arms.query({ run }),
    'training: all curves': (lab) => lab.metrics.curves.query({ arms, names, points: 320 }),
    'training: a third of all curves': (lab) =>
      lab.metrics.curves.query({ arms, names, from: 33_333, to: 66_666, points: 320 }),
    'training: a hundredth of all curves': (lab) =>
      lab.metrics.curves.query({ arms, names, from: 50_000, to: 51_000, points: 320 }),
    'pairs: rounds': (lab) => lab.pairs.rounds.query(),
    'pairs: tasks': (lab) => lab.pairs.tasks.query(place),
    'pairs: counter': (lab) => lab.pairs.review.query(place),
    'pairs: first page': (lab) => lab.pairs.list.query({ ...place, ...page }),
    'pairs: page in the middle': (lab) => lab.pairs.list.query({ ...place, offset: Math.floor(pairs / 2), limit: 100 }),
    'pairs: by margin': (lab) => lab.pairs.list.query({ ...place, ...page, sort: 'margin', descending: true }),
    'pairs: by length': (lab) => lab.pairs.list.query({ ...place, ...page, sort: 'chosen', descending: true }),
    'pairs: search that finds': (lab) => lab.pairs.list.query({ ...place, ...page, search: 'submit' }),
    'pairs: search in vain': (lab) => lab.pairs.list.query({ ...place, ...page, search: 'nowhere to be found' }),
    'pairs: without judgement': (lab) => lab.pairs.list.query({ ...place, ...page, state: 'unreviewed' }),
    'pairs: one pair': (lab) => lab.pairs.get.query({ id: pair }),
    'pairs: a judgement': (lab) => lab.pairs.edit.mutate({ ids: [pair], action: { kind: 'keep' } }),
    'episodes: first page': (lab) => lab.episodes.list.query(page),
    'episodes: page in the middle': (lab) => lab.episodes.list.query({ offset: Math.floor(episodes / 2), limit: 100 }),
    'episodes: of one run': (lab) => lab.episodes.list.query({ ...page, run }),
    'episodes: of a task, failed': (lab) =>
      lab.episodes.list.query({ ...page, task: 'click-checkboxes', outcome: 'failure' }),
    'episodes: by steps': (lab) => lab.episodes.list.query({ ...page, sort: 'steps' }),
    'episodes: by task': (lab) => lab.episodes.list.query({ ...page, sort: 'task', descending: false }),
    'episodes: by duration': (lab) => lab.episodes.list.query({ ...page, sort: 'duration' }),
    'episodes: search that finds': (lab) => lab.episodes.list.query({ ...page, search: 'button' }),
    'episodes: search in vain': (lab) => lab.episodes.list.query({ ...page, search: 'nowhere to be found' }),
    'episodes: what a filter offers': (lab) => lab.episodes.groups.query({}),
    'episodes: one episode': (lab) => lab.episodes.get.query({ id: episode }),
    'live: policies': (lab) => lab.live.policies.query(),
    'live: tasks': (lab) => lab.tasks.list.query(),
  }
}

/**
 * Reports answers a second to each query, beside those of the other checkout, which takes turns, or beside the required
 * rate.
 */
export async function benchQueries(
  contenders: Contenders,
  rounds: number,
  report: Reporter,
  { case: cases }: Selection,
): Promise<void> {
  const asked = await Promise.all(listed(contenders).map(ask))
  try {
    const { lab, client } = asked[0]!
    const pairs = await client.lab.pairs.list.query({ run: lab.run, round: 1, offset: 1000, limit: 1 })
    const played = await client.lab.episodes.list.query({ offset: 100, limit: 1 })
    const stored = {
      pair: pairs.rows[0]?.id ?? 1,
      pairs: pairs.total,
      episode: played.rows[0]?.id ?? 1,
      episodes: played.total,
    }
    for (const [name, question] of Object.entries(questions(lab, stored))) {
      if (!selects(cases, name)) continue
      const contestants = asked.map((one) => ({ name: one.name, run: () => timed(() => question(one.client.lab)) }))
      const seconds = await interleave(contestants, rounds)
      const [ours, theirs] = contestants.map(({ name }) => 1 / seconds.get(name)!)
      const [peer, speed] = theirs === undefined ? ['100 ms at most', 1 / LIMIT] : [asked[1]!.name, theirs]
      report.figure(figure('window', `query, ${name}`, '1/s', ours!, peer, speed))
    }
  } finally {
    for (const { client, serving } of asked) {
      await client.close()
      await serving.close()
    }
  }
}

async function ask({ name, lab, checkout }: Contender) {
  const serving = await serve(lab.configFile, checkout)
  return { name, lab, serving, client: connect(serving) }
}

/** A client with the cookie of a browser. */
export function connect({ url }: Serving): { readonly lab: Client; readonly close: () => Promise<void> } {
  const cookie = `dpo-driver-${url.port}=${url.searchParams.get('token')}`
  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, { headers: { cookie } })
    }
  }
  // The library expects a browser's WebSocket, but uses only what `ws` has too.
  const client = createWSClient({ url: `ws://${url.host}/trpc`, WebSocket: Socket as never })
  return { lab: createTRPCClient<LabRouter>({ links: [wsLink({ client })] }), close: () => client.close() }
}
