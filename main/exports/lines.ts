/** The data of a run for other tools, one line per record. */

import { metricsCsv } from '../evaluation/report.ts'
import { UserError } from '../messages/error.ts'
import { ktoText, preferenceText } from '../preferences/dataset.ts'
import { jsonLines } from '../preferences/trl.ts'
import type { Store } from '../store/store.ts'
import type { ExportKind } from './kinds.ts'

/** The latest run that has data of this kind; undefined where none has. */
export function latestWith(store: Store, kind: ExportKind): number | undefined {
  return store.runs.ids().find((run) => TEXTS[kind](store, run, store.pairs.lastRound(run)) !== '')
}

/** Passes a run's data to `write`, and returns the number of lines of data. Throws UserError where there are none. */
export function exportRun(store: Store, run: number, kind: ExportKind, write: (text: string) => void): number {
  const text = exportLines(store, run, kind)
  write(text)
  const lines = text.split('\n').length - 1
  return kind === 'metrics' ? lines - 1 : lines
}

/** The same as one text. Pairs are those of `round`, by default of the last. Throws UserError where there are none. */
export function exportLines(store: Store, run: number, kind: ExportKind, round?: number): string {
  const text = TEXTS[kind](store, run, round ?? store.pairs.lastRound(run))
  if (text === '') throw new UserError(NOTHING[kind], { run })
  return text
}

const NOTHING = {
  preferences: 'nothingToExportPairs',
  kto: 'nothingToExportPairs',
  episodes: 'nothingToExportEpisodes',
  metrics: 'nothingToExportMetrics',
} as const

const TEXTS: Readonly<Record<ExportKind, (store: Store, run: number, round: number) => string>> = {
  preferences: (store, run, round) => preferenceText(store.pairs.kept({ run, round })),
  kto: (store, run, round) => ktoText(store.pairs.kept({ run, round })),
  episodes: (store, run) =>
    jsonLines(
      store.episodes
        .arms(run)
        .flatMap((arm) =>
          store.episodes
            .of(arm)
            .map(({ id: _, ...episode }) => ({ stage: arm.stage, round: arm.round, arm: arm.arm, ...episode })),
        ),
    ),
  metrics(store, run) {
    const metrics = store.metrics.of(run)
    return metrics.length === 0 ? '' : metricsCsv(metrics)
  },
}
