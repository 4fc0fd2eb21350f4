/**
 * The recording that this window began. The address names it, and the window remembers it while it shows another view.
 */
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
  /** The reader's thoughts by step id, in place of the step's own. They are kept while another view is shown. */
  readonly thoughts: Readonly<Record<number, string>>
}

const useOwn = create<Own>(() => ({ id: undefined, thoughts: {} }))

/** This window's recording, or the one that the lab has closed. For the recording view. */
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

/** This window's recording. For other views. */
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

/** Saves the recording to the golden samples and closes its page. Reports why that fails. */
export async function keepOwn(screen: LiveScreen): Promise<void> {
  try {
    await save(screen)
    await discardOwn(screen)
  } catch (error) {
    tellError(error)
  }
}

/** Closes the recording's page. The window then has no recording. */
export async function discardOwn(screen: LiveScreen): Promise<void> {
  useOwn.setState({ id: undefined, thoughts: {} })
  choose({ screen: undefined })
  await lab.live.discard.mutate({ screen: screen.id }).catch(tellError)
}

/**
 * Makes the recording that `begin` starts this window's own, and shows it. It asks first where the present recording
 * holds unsaved work. If it fails, that is reported and the present recording stays.
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

/**
 * Whether the recording may be closed: it holds no unsaved work, or the reader has decided and any saving has
 * succeeded.
 */
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
