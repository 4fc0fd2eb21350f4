/** The configuration: as a form, and written back. */
import { z } from 'zod'
import { formFields } from '../config/form.ts'
import { procedure, router } from './trpc.ts'

export const configRouter = router({
  /** Every key with what it takes, what it means, its default and its value. */
  form: procedure.query(({ ctx }) => ({ path: ctx.settings.shown, fields: ctx.settings.fields() })),

  /** Writes values by dotted key into the file, all or none, and returns the form as it is then. */
  set: procedure
    .input(z.object({ values: z.record(z.string().regex(/^[a-z_]+(\.[a-z_]+)*$/), z.unknown()) }))
    .mutation(({ ctx, input }) => ({ path: ctx.settings.shown, fields: formFields(ctx.settings.set(input.values)) })),

  /** What would be wrong with values, as one sentence; null where they would be taken. Nothing is written. */
  check: procedure.input(z.object({ values: z.record(z.string(), z.unknown()) })).query(({ ctx, input }) => {
    ctx.settings.read(input.values)
    return null
  }),
})
