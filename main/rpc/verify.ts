/** Procedures that check what the stages need, and fetch missing pages. */

import { fetchMiniwob } from '../environment/miniwob.ts'
import { projectPath } from '../files/paths.ts'
import { UserError } from '../messages/error.ts'
import { openResources } from '../pipeline/resources.ts'
import { checkNames, runChecks } from '../pipeline/stages/verify.ts'
import { procedure, router, working } from './trpc.ts'

export const verifyRouter = router({
  /** The names of the checks, in order. */
  names: procedure.query(({ ctx }) => checkNames(ctx.settings.read())),

  /** Runs one check after another and reports each. The `detail` of a failed check says what to do. */
  run: working.subscription(async function* ({ ctx, signal = new AbortController().signal }) {
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
