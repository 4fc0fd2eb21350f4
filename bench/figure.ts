/** The results of a benchmark, as lines of JSON for machines or rows of a table for people. */

/**
 * One comparison. `ours` and `theirs` are in `unit`: speeds (more is better) or sizes. A figure without a peer has nulls.
 */
export interface Figure {
  readonly bench: string
  readonly case: string
  readonly ours: number
  readonly peer: string | null
  readonly theirs: number | null
  /** ours / theirs */
  readonly ratio: number | null
  readonly unit: string
}

/** Receives the results of a bench. */
export interface Reporter {
  readonly figure: (figure: Figure) => void
  /** Reports a sentence on how the figures were measured. */
  readonly note: (sentence: string) => void
}

/** A figure with its ratio. */
export function figure(
  bench: string,
  name: string,
  unit: string,
  ours: number,
  peer: string | null = null,
  theirs: number | null = null,
): Figure {
  return { bench, case: name, ours, peer, theirs, ratio: theirs === null ? null : ours / theirs, unit }
}

/** The figure on one line, its numbers to four significant digits. */
export function jsonLine(figure: Figure): string {
  return JSON.stringify(figure, (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value))
}

const HEADINGS = ['bench', 'case', 'ours', 'peer', 'theirs', 'ratio', 'unit'] as const
const RIGHT = new Set<string>(['ours', 'theirs', 'ratio'])

/** The figures as a Markdown table whose columns also line up in a terminal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((one) => [
    one.bench,
    one.case,
    shown(one.ours),
    one.peer ?? '',
    shown(one.theirs),
    one.ratio === null ? '' : `${Number(one.ratio.toPrecision(3))}x`,
    one.unit,
  ])
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (RIGHT.has(HEADINGS[column]!) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join(' | ')} |`
  const rule = widths.map((width, column) =>
    RIGHT.has(HEADINGS[column]!) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  )
  return [line(HEADINGS), line(rule), ...rows.map(line)].join('\n')
}

/** Whole numbers from 100 on, three significant digits below. */
function shown(value: number | null): string {
  if (value === null) return ''
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))
}
