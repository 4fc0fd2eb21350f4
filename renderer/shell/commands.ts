/** The commands of the palette, and which panel of the shell is open. */
import { create } from 'zustand'
import type { Round } from '../lab.ts'
import type { Place } from '../location.ts'

export interface Command {
  readonly id: string
  readonly group: 'go' | 'run' | 'look' | 'help'
  readonly label: string
  /** Keys that do the same, as they are shown: 'Ctrl K'. */
  readonly keys?: string | undefined
  readonly run: () => void
}

interface Panels {
  readonly palette: boolean
  readonly help: boolean
  readonly tour: boolean
  readonly models: boolean
}

const CLOSED: Panels = { palette: false, help: false, tour: false, models: false }

/** Which of the shell's panels is open. */
export const usePanels = create<Panels>(() => CLOSED)

export function openPanel(panel: keyof Panels): void {
  usePanels.setState({ ...CLOSED, [panel]: true })
}

export function closePanels(): void {
  usePanels.setState(CLOSED)
}

/** The round that is open in Pairs, otherwise the latest; undefined where no round has pairs. */
export function roundToTrain<R extends Round>({ view, query }: Place, rounds: readonly R[]): R | undefined {
  const isRead = ({ run, round }: R) => view === 'pairs' && query.run === String(run) && query.round === String(round)
  return rounds.find(isRead) ?? rounds[0]
}

/** The commands whose label contains every word of the search, in any case. */
export function matching(commands: readonly Command[], search: string): Command[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}
