/** The latest picture of each played page. Pictures are streamed only while somebody looks. */
import { create } from 'zustand'
import type { Frame } from '../../../main/live/state.ts'
import { lab, useStream } from '../../api.ts'

const useFrameStore = create<Readonly<Record<string, string>>>(() => ({}))

/** Streams the pictures of these pages while the component is mounted. */
export function useFrames(screens: readonly string[]): void {
  const names = screens.join(' ')
  useStream(
    () =>
      names === ''
        ? null
        : lab.live.frames.subscribe(
            { screens: names.split(' ') },
            { onData: ({ screen, jpeg }: Frame) => useFrameStore.setState({ [screen]: jpeg }) },
          ),
    [names],
  )
}

/** The latest picture of a page as an image address; null before the first. */
export function useFrame(screen: string): string | null {
  const jpeg = useFrameStore((frames) => frames[screen])
  return jpeg === undefined ? null : `data:image/jpeg;base64,${jpeg}`
}
