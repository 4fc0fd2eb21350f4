/** The lab's router, which windows and the desktop app call. */
import { adaptersRouter } from './adapters.ts'
import { configRouter } from './config.ts'
import { desktopRouter } from './desktop.ts'
import { dropsRouter } from './drops.ts'
import { episodesRouter } from './episodes.ts'
import { goldenRouter } from './golden.ts'
import { jobRouter } from './job.ts'
import { liveRouter } from './live.ts'
import { metricsRouter } from './metrics.ts'
import { modelsRouter } from './models.ts'
import { pagesRouter } from './pages.ts'
import { pairsRouter } from './pairs.ts'
import { resultsRouter } from './results.ts'
import { runsRouter } from './runs.ts'
import { statusRouter } from './status.ts'
import { studiesRouter } from './studies.ts'
import { tasksRouter } from './tasks.ts'
import { router } from './trpc.ts'
import { verifyRouter } from './verify.ts'
import { workersRouter } from './workers.ts'

export const labRouter = router({
  status: statusRouter,
  studies: studiesRouter,
  job: jobRouter,
  config: configRouter,
  models: modelsRouter,
  verify: verifyRouter,
  runs: runsRouter,
  metrics: metricsRouter,
  episodes: episodesRouter,
  pairs: pairsRouter,
  results: resultsRouter,
  adapters: adaptersRouter,
  tasks: tasksRouter,
  pages: pagesRouter,
  golden: goldenRouter,
  live: liveRouter,
  workers: workersRouter,
  desktop: desktopRouter,
  drops: dropsRouter,
})
export type LabRouter = typeof labRouter
