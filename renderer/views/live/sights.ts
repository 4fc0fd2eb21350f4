/** What the lab last showed of each played page. Pictures are streamed only while somebody looks. */
import { useEffect } from 'react'
import { create } from 'zustand'
import type { Look } from '../../../main/live/look.ts'
import type { LiveScreen, Sight } from '../../../main/live/state.ts'
import { lab, useStream } from '../../api.ts'

const useSightStore = create<Readonly<Record<string, Sight>>>(() => ({}))

/** Streams what is seen of these pages while the component is mounted: the part and the density that it looks at. */
export function useSights(screens: readonly string[], { extent, density }: Look): void {
  const names = screens.join(' ')
  useStream(
    () =>
      names === ''
        ? null
        : lab.live.sights.subscribe(
            { screens: names.split(' '), look: { extent, density } },
            { onData: (sight: Sight) => useSightStore.setState({ [sight.screen.id]: sight }) },
          ),
    [names, extent, density],
  )
  // Whoever comes back later must not see what was there before.
  useEffect(() => () => useSightStore.setState({}, true), [])
}

/**
 * A page with a picture as an image address, both of one moment; null before the first picture. What the reader records comes
 * from `now`.
 */
export function useSight(now: LiveScreen): { readonly screen: LiveScreen; readonly picture: string | null } {
  const sight = useSightStore((sights) => sights[now.id])
  if (sight === undefined) return { screen: now, picture: null }
  const { screen, jpeg } = sight
  return { screen: { ...now, ...screen }, picture: jpeg === null ? null : `data:image/jpeg;base64,${jpeg}` }
}
