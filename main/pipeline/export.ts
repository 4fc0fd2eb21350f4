/** What a run found, as files that other tools read. */
import { UserError } from '../config/error.ts'
import { metricsCsv } from '../evaluation/report.ts'
import { writeKtoData, writePreferenceData } from '../preferences/dataset.ts'
import { writeJsonLines } from '../preferences/trl.ts'
import { writeFileAtomic } from '../store/file.ts'
import type { ArmKey, Store } from '../store/store.ts'

/** What can be exported, and in which form. */
export const EXPORTS = {
  preferences: 'pairs of the last round as TRL reads them, JSON lines; those dropped by hand are left out',
  kto: 'the same in the unpaired form that TRL reads for KTO, JSON lines',
  episodes: 'every episode with its steps, JSON lines',
  metrics: 'every metric of every optimiser step, CSV',
} as const
export type ExportKind = keyof typeof EXPORTS

/** Writes a run's data to a file and returns how many lines of data that are. Throws UserError where there are none. */
export function exportRun(store: Store, run: number, kind: ExportKind, path: string): number {
  const write = WRITERS[kind](store, run)
  if (write.lines === 0) throw new UserError(`Run ${run} has no ${kind === 'kto' ? 'preferences' : kind} to export.`)
  write.to(path)
  return write.lines
}

interface Writing {
  readonly lines: number
  to(path: string): void
}

const WRITERS: Readonly<Record<ExportKind, (store: Store, run: number) => Writing>> = {
  preferences(store, run) {
    const pairs = keptPairs(store, run)
    return { lines: pairs.length, to: (path) => writePreferenceData(path, pairs) }
  },
  kto(store, run) {
    const pairs = keptPairs(store, run)
    return { lines: pairs.length, to: (path) => writeKtoData(path, pairs) }
  },
  episodes(store, run) {
    const arms: ArmKey[] = store.arms(run)
    const lines = arms.flatMap((arm) =>
      store
        .episodes(arm)
        .map(({ id: _, ...episode }) => ({ stage: arm.stage, round: arm.round, arm: arm.arm, ...episode })),
    )
    return { lines: lines.length, to: (path) => writeJsonLines(path, lines) }
  },
  metrics(store, run) {
    const metrics = store.metrics(run)
    return { lines: metrics.length, to: (path) => writeFileAtomic(path, metricsCsv(metrics)) }
  },
}

function keptPairs(store: Store, run: number) {
  const rounds = store.stages(run).flatMap(({ stage, round }) => (stage === 'collect' ? [round] : []))
  return store.pairs(run, Math.max(0, ...rounds)).filter(({ keep }) => keep)
}
