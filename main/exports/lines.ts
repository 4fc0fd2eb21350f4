/**
 * The data of a run for other tools, one line per record. It comes in pieces of a few lines, so that a large run neither
 * fills the memory nor keeps others waiting.
 */
import { setImmediate } from 'node:timers/promises'
import { metricsCsv } from '../evaluation/report.ts'
import { UserError } from '../messages/error.ts'
import { KtoAnswers, preferenceText } from '../preferences/dataset.ts'
import { promptOfRun } from '../preferences/run-prompt.ts'
import { jsonLines } from '../preferences/trl.ts'
import type { Store } from '../store/store.ts'
import type { ExportKind } from './kinds.ts'

/** The latest run that has data of this kind; undefined where none has. */
export function latestWith(store: Store, kind: ExportKind): number | undefined {
  return store.runs.ids().find((run) => piecesOf(store, run, kind).next().done === false)
}

/** Passes a run's data to `write`, piece by piece, and returns the number of its lines. Throws UserError where there are none. */
export async function exportRun(
  store: Store,
  run: number,
  kind: ExportKind,
  write: (piece: string) => unknown,
): Promise<number> {
  let lines = kind === 'metrics' ? -1 : 0
  for await (const piece of exportPieces(store, run, kind)) {
    lines += piece.split('\n').length - 1
    await write(piece)
  }
  return lines
}

/**
 * The data of a run, piece by piece; other work gets its turn in between. Pairs are those of `round`, by default of the
 * last. Throws UserError where there are none.
 */
export function exportPieces(store: Store, run: number, kind: ExportKind, round?: number): AsyncIterable<string> {
  const pieces = piecesOf(store, run, kind, round)
  const first = pieces.next()
  if (first.done === true) throw new UserError(NOTHING[kind], { run })
  return inTurns(first.value, pieces)
}

async function* inTurns(first: string, others: Iterable<string>): AsyncGenerator<string> {
  yield first
  for (const piece of others) {
    await setImmediate()
    if (piece !== '') yield piece
  }
}

const NOTHING = {
  preferences: 'nothingToExportPairs',
  kto: 'nothingToExportPairs',
  episodes: 'nothingToExportEpisodes',
  metrics: 'nothingToExportMetrics',
} as const

function piecesOf(store: Store, run: number, kind: ExportKind, round = store.pairs.lastRound(run)): Generator<string> {
  return PIECES[kind](store, run, round)
}

const PIECES: Readonly<Record<ExportKind, (store: Store, run: number, round: number) => Generator<string>>> = {
  *preferences(store, run, round) {
    for (const pairs of store.pairs.keptSlices({ run, round }, store.pairs.lastEdit({ run, round })))
      if (pairs.length > 0) yield preferenceText(pairs, promptOfRun(store, run))
  },
  *kto(store, run, round) {
    const answers = new KtoAnswers()
    const edit = store.pairs.lastEdit({ run, round })
    for (const pairs of store.pairs.keptSlices({ run, round }, edit)) {
      answers.add(pairs)
      if (pairs.length > 0) yield ''
    }
    for (const pairs of store.pairs.keptSlices({ run, round }, edit)) yield answers.text(pairs, promptOfRun(store, run))
  },
  *episodes(store, run) {
    for (const { stage, round, arm, ...key } of store.episodes.arms(run)) {
      for (const { id, ...attempt } of store.episodes.outcomes({ ...key, stage, round, arm })) {
        yield jsonLines([{ stage, round, arm, ...attempt, steps: store.episodes.steps(id) }])
      }
    }
  },
  *metrics(store, run) {
    const metrics = store.metrics.of(run)
    if (metrics.length > 0) yield metricsCsv(metrics)
  },
}
