/** What this window has stored for annotators, so that they can undo it. A reload forgets it. */
import { create } from 'zustand'
import type { Answers, Round } from '../../lab.ts'

/** What one judgement changed: of one pair, or of many at once. */
export type Judged = Answers['pairs']['judge']['changes']

export type Which = 'undo' | 'redo'

/** The judgements that can be undone and redone, the next one last. */
type Steps = Readonly<Record<Which, readonly Judged[]>>

const NONE: Steps = { undo: [], redo: [] }

const useSteps = create<Readonly<Record<string, Steps | undefined>>>(() => ({}))

/** Whether there is a judgement of an annotator to undo and to redo. */
export function useOwnJudgements(round: Round, annotator: string | null): Readonly<Record<Which, boolean>> {
  const { undo, redo } = useSteps((all) => all[keyOf(round, annotator)]) ?? NONE
  return { undo: undo.length > 0, redo: redo.length > 0 }
}

/** Remembers a judgement. It ends what could be redone. */
export function addJudgement(round: Round, annotator: string, step: Judged): void {
  const key = keyOf(round, annotator)
  if (step.length > 0) useSteps.setState((all) => ({ [key]: { undo: [...(all[key] ?? NONE).undo, step], redo: [] } }))
}

/**
 * Takes the next judgement to undo or redo, or the one that is meant, and remembers it as one to redo or undo. Undefined where
 * there is none.
 */
export function takeJudgement(round: Round, annotator: string, which: Which, meant?: Judged): Judged | undefined {
  const key = keyOf(round, annotator)
  const steps = useSteps.getState()[key] ?? NONE
  const step = meant ?? steps[which].at(-1)
  if (step === undefined || !steps[which].includes(step)) return undefined
  const other = which === 'undo' ? 'redo' : 'undo'
  const left = steps[which].filter((one) => one !== step)
  useSteps.setState({ [key]: { ...steps, [which]: left, [other]: [...steps[other], step] } })
  return step
}

/** The changes that take these back. */
export function reversed(changes: Judged): Judged {
  return changes.map(({ pair, before, after }) => ({ pair, before: after, after: before }))
}

function keyOf({ run, round }: Round, annotator: string | null): string {
  return `${run} ${round} ${annotator ?? ''}`
}
