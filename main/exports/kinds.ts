/** The kinds of data that can be exported, and their forms. */
export const EXPORTS = {
  preferences: 'pairs of the last round as TRL reads them, JSON lines; those dropped by hand are left out',
  kto: 'the same in the unpaired form that TRL reads for KTO, JSON lines',
  episodes: 'every episode with its steps, JSON lines',
  metrics: 'every metric of every optimiser step, CSV',
} as const
export type ExportKind = keyof typeof EXPORTS
