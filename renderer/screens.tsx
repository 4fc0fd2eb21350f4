/** The views. Each is loaded when it is first needed, so that the first paint does not wait for the others. */
import { type ComponentType, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import { useConnection } from './api.ts'
import type { View } from './location.ts'
import { Loading } from './parts/loading.tsx'
import { Page } from './parts/page.tsx'
import { Failure } from './shell/failure.tsx'

const SCREENS: Readonly<Record<View, () => Promise<{ readonly default: ComponentType }>>> = {
  pipeline: () => import('./views/pipeline/pipeline.tsx'),
  live: () => import('./views/live/live.tsx'),
  pairs: () => import('./views/pairs/pairs.tsx'),
  training: () => import('./views/training/training.tsx'),
  results: () => import('./views/results/results.tsx'),
  episodes: () => import('./views/episodes/episodes.tsx'),
  runs: () => import('./views/runs/runs.tsx'),
  studies: () => import('./views/studies/studies.tsx'),
  tasks: () => import('./views/tasks/tasks.tsx'),
}

const useScreens = create<Readonly<Partial<Record<View, ComponentType>>>>(() => ({}))

/** Loads a view that will be needed soon. Rejects where the lab does not answer. */
export async function loadScreen(view: View): Promise<void> {
  if (useScreens.getState()[view] !== undefined) return
  const { default: screen } = await SCREENS[view]()
  useScreens.setState({ [view]: screen })
}

/**
 * A view, or a loading sign until it has arrived. React's Suspense would show the view only 300 ms after the sign,
 * which is longer than a view takes to load. Where it does not arrive, it is requested again when the lab answers again.
 */
export function Screen({ view }: { readonly view: View }) {
  const { t } = useTranslation()
  const { open } = useConnection()
  const Loaded = useScreens((screens) => screens[view])
  const [failed, setFailed] = useState(false)
  const load = () => loadScreen(view).catch(() => setFailed(true))
  // biome-ignore lint/correctness/useExhaustiveDependencies: a connection that opens is a reason to load again
  useEffect(() => void load(), [view, open])
  if (Loaded !== undefined) return <Loaded />
  if (!failed) return <Loading />
  return (
    <Page title={t(`views.${view}`)}>
      <Failure error={new Error(t('app.notSent'))} retry={() => void load()} />
    </Page>
  )
}
