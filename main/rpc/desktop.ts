/** Procedures that only the desktop app has: the system's own dialogs. */
import { z } from 'zod'
import { UserError } from '../messages/error.ts'
import { type Context, type Desktop, procedure, router } from './trpc.ts'

const title = z.string().max(200)

export const desktopRouter = router({
  /** Whether the window belongs to the desktop app. In a browser the user types paths. */
  present: procedure.query(({ ctx }) => ctx.desktop !== undefined),
  /** The path of a folder or a file that the user chooses; null where the user cancels. */
  choose: procedure
    .input(z.object({ what: z.enum(['folder', 'file']), title }))
    .mutation(async ({ ctx, input }) => ({ path: await desktopOf(ctx).choose(input.what, input.title) })),
})

function desktopOf({ desktop }: Context): Desktop {
  if (desktop === undefined) throw new UserError('browserCannotChoose')
  return desktop
}
