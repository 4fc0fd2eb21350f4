/** Procedures to read and correct preference pairs. */
import { z } from 'zod'
import { pairPolicies } from '../adapters/pair-policies.ts'
import { scoreMargins, scorePair } from '../adapters/pair-scores.ts'
import { answerFailure } from '../agent/grammar.ts'
import { type Agreement, agreement } from '../evaluation/agreement.ts'
import { shownPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message, type Say } from '../messages/message.ts'
import { firstAdapter, hasAdapter } from '../pipeline/artifacts.ts'
import { HARD_NEGATIVES } from '../preferences/hard-negatives.ts'
import {
  correctMany,
  correctPairs,
  findPair,
  type ReviewState,
  redoCorrection,
  reviewState,
  undoCorrection,
} from '../preferences/review.ts'
import { judgedSchema, VERDICTS, type Verdict } from '../store/judgements.ts'
import type { RoundKey } from '../store/keys.ts'
import { PAIR_STATES, type ReviewCount } from '../store/pairs.ts'
import { find } from './runs.ts'
import { type Context, changing, id, procedure, router, slice, working } from './trpc.ts'

const round = { run: id, round: z.int().min(1) }
const answer = z.string().max(20_000)

const annotator = z.string().trim().min(1).max(60)
/** The window that corrects: see `undoCorrection`. */
const author = z.string().min(1).max(60).optional()

/** The correction that is undone or redone. */
const reverted = { ...round, author, edit: id.optional() }

/** The filter of a list of pairs. */
const filter = {
  ...round,
  task: z.string().optional(),
  state: z.enum(PAIR_STATES).optional(),
  annotator: annotator.optional(),
  search: z.string().max(200).optional(),
}

/** The filter and the order of a list of pairs. */
const listed = {
  ...filter,
  sort: z.enum(['id', 'task', 'seed', 'step', 'chosen', 'rejected', 'margin', 'policyMargin']).default('id'),
  descending: z.boolean().default(false),
}

const action = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('keep') }),
  z.object({ kind: z.literal('drop') }),
  z.object({ kind: z.literal('swap') }),
  z.object({ kind: z.literal('edit'), chosen: answer.optional(), rejected: answer.optional() }),
  z.object({ kind: z.literal('note'), note: answer }),
])

/** Some pairs: named ones, or all that pass a filter. */
const some = z.union([z.strictObject({ ids: z.array(id).min(1).max(100_000) }), z.strictObject(filter)])

/** How two annotators agree. An empty name stands for the corrections, which training reads. */
export interface AnnotatorsAgreement extends Agreement {
  readonly annotators: readonly [string, string]
}

/** The result of a correction. */
export interface Reviewed extends ReviewState {
  readonly count: ReviewCount
}

export const pairsRouter = router({
  /** Writes a round's DPO for TRL into a new folder beside the store. Returns the folder, and what to say of it. */
  exportTrl: procedure.input(z.object(round)).mutation(async ({ ctx, input, signal = NEVER }) => {
    const { exportedMessage, exportTrl, freeTrlFolder } = await import('../exports/trl.ts')
    const present = ctx.settings.read()
    find(ctx, input.run)
    const folder = freeTrlFolder(present, input)
    const warnings: Message[] = []
    const say: Say = (id, ...given) => warnings.push(message(id, ...given))
    const warn = (told: Message) => warnings.push(told)
    const done = await exportTrl(ctx.lab.store, input, folder, { present, signal, say, warn })
    return { folder, said: [...warnings, exportedMessage(done, shownPath(folder))] }
  }),

  /** The rounds that have pairs, the latest first, with the progress of their review. */
  rounds: procedure.query(({ ctx }) => ctx.lab.store.pairs.rounds()),

  /** A page of a round's pairs. */
  list: procedure
    .input(z.object({ ...listed, ...slice }))
    .query(({ ctx, input: { offset, limit, sort, descending, ...filter } }) =>
      ctx.lab.store.pairs.list(filter, { by: sort, descending }, { offset, limit }),
    ),

  /** The place of a pair in a list (`list` with the same filter and order); null where it is not in the list. */
  place: procedure
    .input(z.object({ ...listed, id }))
    .query(({ ctx, input: { id, sort, descending, ...filter } }) =>
      ctx.lab.store.pairs.place(filter, { by: sort, descending }, id),
    ),

  /** How many pairs each task has. */
  tasks: procedure.input(z.object(round)).query(({ ctx, input }) => ctx.lab.store.pairs.tasks(input)),

  /**
   * A pair with the two trajectories that it comes from; null for one that was not played here. `doubt` says why the agent
   * could not act on the chosen answer; null where it could.
   */
  get: procedure.input(z.object({ id })).query(({ ctx, input }) => {
    const pair = findPair(ctx.lab.store, input.id)
    const trajectory = (attempt: number | null) => {
      if (attempt === null) return null
      const { episodes } = ctx.lab.store
      const key = { run: pair.run, stage: 'collect', round: pair.round }
      const idOf = (arm: string) => episodes.idOf({ ...key, arm }, pair.task, pair.seed, attempt)
      const episode = idOf('') ?? idOf(HARD_NEGATIVES)
      return episode === undefined ? null : (episodes.get(episode) ?? null)
    }
    const doubt = doubtOf(pair.chosen, pair.prompt)
    return { pair, chosen: trajectory(pair.chosenAttempt), rejected: trajectory(pair.rejectedAttempt), doubt }
  }),

  /** Why the agent could not act on this text if it were the chosen answer of a pair; null where it could. */
  doubt: procedure
    .input(z.object({ id, chosen: answer }))
    .query(({ ctx, input }) => doubtOf(input.chosen, findPair(ctx.lab.store, input.id).prompt)),

  /**
   * The log-probability of every token of both answers, under the reference and the policy of the round: see
   * `pairPolicies`.
   */
  tokens: working.input(z.object({ id })).query(({ ctx, input }) => {
    const pair = findPair(ctx.lab.store, input.id)
    return ctx.live.workshop.use((resources, config) => {
      const { reference, policy } = pairPolicies(ctx.lab.store, config, pair.run, pair.round)
      return scorePair(
        resources,
        config,
        pair,
        [reference, policy].filter(({ folder }) => hasAdapter(folder)),
      )
    })
  }),

  /**
   * Computes the margin of every pair of a round under reference and DPO policy (see `pairPolicies`), and stores each
   * as it is ready. Returns the number of pairs.
   */
  score: changing.input(z.object(round)).mutation(async ({ ctx, input }) => {
    const { lab, jobs, live } = ctx
    find(ctx, input.run)
    if (jobs.state.current !== null) {
      throw new UserError('scoringWhileRunning')
    }
    const pairs = lab.store.pairs.of(input)
    await live.workshop.use(async (resources, config) => {
      const { reference, policy } = pairPolicies(lab.store, config, input.run, input.round)
      for (const [{ folder }, command, which] of [
        [reference, 'sft', 'margin'],
        [policy, 'dpo', 'policyMargin'],
      ] as const) {
        const keep = (margins: ReadonlyMap<number, number>) => lab.store.pairs.setMargins(which, margins)
        await scoreMargins(resources, config, pairs, firstAdapter([folder], command), keep)
      }
    })
    return { pairs: pairs.length }
  }),

  /** Makes the same correction to some pairs of a round. */
  edit: changing
    .input(z.object({ ids: z.array(id).min(1).max(10_000), action, author }))
    .mutation(({ ctx, input }) => counted(ctx, correctPairs(ctx.lab.store, input.ids, input.action, input.author))),

  /** Makes the same correction to many pairs, as one that can be undone. Returns how many, and the correction's number. */
  editMany: changing.input(z.object({ some, action, author })).mutation(({ ctx, input }) => {
    const ids = idsOf(ctx, input.some)
    const { edit } = correctMany(ctx.lab.store, ids, input.action, input.author)
    return { pairs: ids.length, edit }
  }),

  /** Stores what an annotator thinks of some pairs, apart from the corrections. Returns how many, and what changed. */
  judge: changing
    .input(z.object({ some, annotator, verdict: z.enum(VERDICTS) }))
    .mutation(({ ctx, input: { some, annotator, verdict } }) => {
      const ids = idsOf(ctx, some)
      return { pairs: ids.length, changes: ctx.lab.store.judgements.judge(ids, annotator, verdict) }
    }),

  /** Makes or takes back changes of an annotator's judgements, where they are still as `before` says. Returns those made. */
  rejudge: changing
    .input(z.object({ annotator, changes: z.array(judgedSchema).max(100_000) }))
    .mutation(({ ctx, input }) => ctx.lab.store.judgements.change(input.annotator, input.changes)),

  /** What an annotator thinks of the pairs of a round, by pair. */
  judgements: procedure.input(z.object({ ...round, annotator })).query(
    ({ ctx, input: { annotator, ...of } }): Readonly<Record<number, Verdict>> =>
      Object.fromEntries(
        ctx.lab.store.judgements
          .of(of)
          .filter((one) => one.annotator === annotator)
          .map(({ pair, verdict }) => [pair, verdict]),
      ),
  ),

  /** Everybody who judged pairs of a round, with how many, and how each two of them agree. */
  agreement: procedure.input(z.object(round)).query(({ ctx: { lab }, input }) => {
    const all = [...lab.store.judgements.reviewed(input), ...lab.store.judgements.of(input)]
    const judges = [...Map.groupBy(all, (one) => one.annotator)].map(
      ([name, own]) => [name, new Map(own.map(({ pair, verdict }) => [pair, verdict]))] as const,
    )
    return {
      annotators: judges.map(([name, own]) => ({ name, judged: own.size })),
      agreements: judges.flatMap(([a, one], at) =>
        judges
          .slice(at + 1)
          .map(([b, other]): AnnotatorsAgreement => ({ annotators: [a, b], ...agreement(one, other) })),
      ),
    }
  }),

  /** Undoes the window's latest correction, or the one with this number. */
  undo: changing
    .input(z.object(reverted))
    .mutation(({ ctx, input }) => counted(ctx, undoCorrection(ctx.lab.store, input, input), input)),

  /** Redoes the correction that the window undid last, or the one with this number. */
  redo: changing
    .input(z.object(reverted))
    .mutation(({ ctx, input }) => counted(ctx, redoCorrection(ctx.lab.store, input, input), input)),

  /** The progress of a round's review, and what the window can undo and redo. */
  review: procedure
    .input(z.object({ ...round, author }))
    .query(({ ctx, input }) => counted(ctx, reviewState(ctx.lab.store, input, input.author), input)),

  /** The latest corrections of a round, the latest first. */
  history: procedure
    .input(z.object({ ...round, limit: z.int().min(1).max(1000).default(100) }))
    .query(({ ctx, input }) => ctx.lab.store.pairs.edits(input, input.limit)),
})

function doubtOf(chosen: string, prompt: string): Message | null {
  const failure = answerFailure(chosen, prompt)
  return failure === null ? null : message('chosenDoubt', { why: message(`failure.${failure}`) })
}

/** The ids of some pairs. Throws UserError where no pair passes the filter. */
function idsOf({ lab }: Context, which: z.output<typeof some>): readonly number[] {
  const ids = 'ids' in which ? which.ids : lab.store.pairs.ids(which)
  if (ids.length === 0) throw new UserError('noPairChosen')
  return ids
}

function counted({ lab }: Context, state: ReviewState, place: RoundKey | undefined = state.pairs[0]): Reviewed {
  const { run = 0, round: of = 0 } = place ?? {}
  return { ...state, count: lab.store.pairs.count({ run, round: of }) }
}

/** The signal of a caller that never disconnects. */
const NEVER = new AbortController().signal
