/** The recording that this window began: the address names it, and the window keeps it while it shows something else. */
import { useEffect } from 'react'
import { create } from 'zustand'
import type { LiveScreen } from '../../../main/live/state.ts'
import { choose, usePlace } from '../../location.ts'

const useOwn = create<{ readonly id: string | undefined }>(() => ({ id: undefined }))

/** This window's recording; undefined where it has none, or none any more. */
export function useOwnRecording(screens: readonly LiveScreen[]): LiveScreen | undefined {
  const { query } = usePlace()
  const kept = useOwn().id
  const id = query.screen ?? kept
  useEffect(() => ownRecording(id), [id])
  return screens.find((screen) => screen.kind === 'record' && screen.id === id)
}

/** Makes a recording this window's; undefined where it is to have none. */
export function ownRecording(id: string | undefined): void {
  useOwn.setState({ id })
  choose({ screen: id })
}
