/** What the command palette can do, and which of the shell's panels is open. */
import { create } from 'zustand'

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
}

/** Which of the shell's panels is open. */
export const usePanels = create<Panels>(() => ({ palette: false, help: false, tour: false }))

export function openPanel(panel: keyof Panels): void {
  usePanels.setState({ palette: false, help: false, tour: false, [panel]: true })
}

export function closePanels(): void {
  usePanels.setState({ palette: false, help: false, tour: false })
}

/** The commands whose label has every word of the search, in any case. */
export function matching(commands: readonly Command[], search: string): Command[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return commands.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}
