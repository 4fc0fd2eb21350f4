/** Procedures that read the configuration as a form and write it back. */
import { z } from 'zod'
import { formFields } from '../config/form.ts'
import { procedure, router } from './trpc.ts'

export const configRouter = router({
  /** Every key with its type, explanation, default and value. */
  form: procedure.query(({ ctx }) => ({ path: ctx.settings.shown, fields: ctx.settings.fields() })),

  /** Writes values by dotted key into the file, all or none. Returns the new form. */
  set: procedure
    .input(z.object({ values: z.record(z.string().regex(/^[a-z_]+(\.[a-z_]+)*$/), z.unknown()) }))
    .mutation(({ ctx, input }) => ({ path: ctx.settings.shown, fields: formFields(ctx.settings.set(input.values)) })),

  /** Checks values without writing them. Returns null; throws UserError with one message for each bad value. */
  check: procedure.input(z.object({ values: z.record(z.string(), z.unknown()) })).query(({ ctx, input }) => {
    ctx.settings.read(input.values)
    return null
  }),
})
