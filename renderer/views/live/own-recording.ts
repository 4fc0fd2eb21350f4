/** The recording that this window began: the address names it, and the window keeps it while it shows something else. */
import i18next, { type TFunction } from 'i18next'
import { useEffect } from 'react'
import { create } from 'zustand'
import type { ClosedRecording, LiveScreen, LiveState } from '../../../main/live/state.ts'
import { lab } from '../../api.ts'
import { choose, usePlace } from '../../location.ts'
import { tell, tellError } from '../../shell/notices.tsx'
import { ask } from '../../shell/question.tsx'
import { thoughtsOf, unsavedOf } from './unsaved.ts'

interface Own {
  readonly id: string | undefined
  /** What was written in place of a step's thought, by the step's id: it is kept while another view is shown. */
  readonly thoughts: Readonly<Record<number, string>>
}

const useOwn = create<Own>(() => ({ id: undefined, thoughts: {} }))

/** This window's recording, and the one that it had where the lab closed that; for the view that shows it. */
export function useOwnRecording({ screens, closed }: LiveState): {
  readonly screen: LiveScreen | undefined
  readonly lost: ClosedRecording | undefined
} {
  const { query } = usePlace()
  const kept = useOwn().id
  const id = query.screen ?? kept
  useEffect(() => {
    if (id !== useOwn.getState().id) useOwn.setState({ id, thoughts: {} })
    choose({ screen: id })
  }, [id])
  return { screen: recordingIn(screens, id), lost: closed.find(({ screen }) => screen === id) }
}

/** This window's recording, for a view that shows something else. */
export function useKeptRecording({ screens }: LiveState): LiveScreen | undefined {
  return recordingIn(screens, useOwn().id)
}

function recordingIn(screens: readonly LiveScreen[], id: string | undefined): LiveScreen | undefined {
  return screens.find((screen) => screen.kind === 'record' && screen.id === id)
}

export function useThoughts(): Own['thoughts'] {
  return useOwn().thoughts
}

export function setThought(step: number, thought: string): void {
  useOwn.setState(({ thoughts }) => ({ thoughts: { ...thoughts, [step]: thought } }))
}

/** Adds it to the golden samples and closes its page; why that cannot be is told. */
export async function keepOwn(screen: LiveScreen): Promise<void> {
  try {
    await save(screen)
    await discardOwn(screen)
  } catch (error) {
    tellError(error)
  }
}

/** Closes its page: the window has none then. */
export async function discardOwn(screen: LiveScreen): Promise<void> {
  useOwn.setState({ id: undefined, thoughts: {} })
  choose({ screen: undefined })
  await lab.live.discard.mutate({ screen: screen.id }).catch(tellError)
}

/**
 * Makes what `begin` begins this window's recording, in place of the one that it has, and shows it. Asks first where that
 * one holds what is not saved; what cannot be done is told, and then all is as it was.
 */
export async function beginOwn(
  before: LiveScreen | undefined,
  begin: () => Promise<{ readonly screen: string }>,
): Promise<void> {
  try {
    if (before !== undefined && !(await isSettled(before))) return
    const { screen } = await begin()
    useOwn.setState({ id: screen, thoughts: {} })
    choose({ mode: 'record', screen })
    if (before !== undefined) await lab.live.discard.mutate({ screen: before.id })
  } catch (error) {
    tellError(error)
  }
}

/** Whether a recording may go: it holds nothing, or somebody said so, and what they want of it is saved. */
async function isSettled(screen: LiveScreen): Promise<boolean> {
  const unsaved = unsavedOf(screen)
  if (unsaved === null) return true
  const ready = unsaved === 'ready'
  const answer = await ask({
    title: (t) => t('live.unsaved'),
    text: (t) => t(ready ? 'live.unsavedReady' : 'live.unsavedOpen', { task: screen.title, seed: screen.seed }),
    offers: [
      ...(ready ? [{ answer: 'save' as const, label: (t: TFunction) => t('live.saveFirst') }] : []),
      { answer: 'discard' as const, label: (t: TFunction) => t('live.discardFirst'), loses: true },
    ],
  })
  if (answer === 'save') await save(screen)
  return answer !== null
}

async function save({ id, recording }: LiveScreen): Promise<void> {
  const { thoughts } = useOwn.getState()
  const { samples, path } = await lab.live.save.mutate({ screen: id, thoughts: thoughtsOf(recording, thoughts) })
  tell(i18next.t('live.saved', { count: samples, path }))
}
