/** Is everything there that the stages need? And what can be had by a click. */

import { fetchMiniwob } from '../environment/miniwob.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { openResources } from '../pipeline/resources.ts'
import { CHECK_NAMES, runChecks } from '../pipeline/stages/verify.ts'
import { procedure, router } from './trpc.ts'

export const verifyRouter = router({
  /** What is looked for, in order. */
  names: procedure.query(() => CHECK_NAMES),

  /** Looks for one thing after another and tells what it found: `detail` of one that is not ok says what to do. */
  run: procedure.subscription(async function* ({ ctx, signal = new AbortController().signal }) {
    if (ctx.jobs.state.current !== null) {
      throw new UserError('checksWait')
    }
    const config = ctx.settings.read()
    const resources = openResources(config)
    try {
      for await (const check of runChecks({ config, resources, signal })) yield check
    } finally {
      await resources.close()
    }
  }),

  /** Fetches the MiniWoB++ pages into data/miniwob. */
  getMiniwob: procedure.mutation(async () => ({ folder: await fetchMiniwob(projectPath('data/miniwob')) })),
})
