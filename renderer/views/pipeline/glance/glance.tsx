/** A summary of a stage's result. The full result has a view of its own. */
import { lazy, Suspense } from 'react'
import { useJob } from '../../../job.ts'
import { Loading } from '../../../parts/loading.tsx'
import { type Stop, stopOf } from '../path.ts'
import { Collected } from './collected.tsx'
import { Evaluated } from './evaluated.tsx'

/** Curves need a chart library, which is loaded only when there are curves to draw. */
const Trained = lazy(() => import('./trained.tsx'))

/** Milliseconds between two fetches while the stage runs. */
const LIVE = 1500

interface Props {
  readonly run: number
  readonly stop: Exclude<Stop, 'verify'>
  /** The stage's latest round. */
  readonly round: number
}

export function Glance({ run, stop, round }: Props) {
  const current = useJob()?.current
  const running = current?.run === run && current.stage !== null && stopOf(current.stage.name) === stop
  const every = running ? LIVE : false
  switch (stop) {
    case 'collect':
      return <Collected run={run} round={round} every={every} />
    case 'evaluate':
      return <Evaluated run={run} round={round} every={every} />
    default:
      return (
        <Suspense fallback={<Loading />}>
          <Trained run={run} stage={stop} round={round} every={every} />
        </Suspense>
      )
  }
}
