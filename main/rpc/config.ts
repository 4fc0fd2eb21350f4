/** Procedures that read the configuration as a form and write it back. */
import { z } from 'zod'
import { formFields } from '../config/form.ts'
import { changes } from './changes.ts'
import { procedure, router } from './trpc.ts'

/** Values by dotted key. */
const values = z.record(z.string().regex(/^[a-z_]+(\.[a-z_]+)*$/), z.unknown())

export const configRouter = router({
  /** Every key with its type, explanation, default and value. */
  form: procedure.query(({ ctx }) => ({ path: ctx.settings.shown, fields: ctx.settings.fields() })),

  /**
   * Writes values by dotted key into the file, all or none. Returns the new form. Throws UserError where a value of `before`,
   * which the writer knows, is no longer what is saved.
   */
  set: procedure
    .input(z.object({ values, before: values.default({}) }))
    .mutation(({ ctx, input: { values: wanted, before } }) => {
      const fields = formFields(ctx.settings.set(wanted, before))
      ctx.lab.tellConfigured()
      return { path: ctx.settings.shown, fields }
    }),

  /** The number of changes of the settings by windows, now and after every change. */
  edits: procedure.subscription(async function* ({ ctx, signal }): AsyncGenerator<number> {
    let told: number | undefined
    for await (const _ of changes(ctx.lab.changes, signal, {})) {
      const { configured } = ctx.lab.changes.getState()
      if (configured !== told) yield configured
      told = configured
    }
  }),

  /** Checks values without writing them. Returns null; throws UserError with one message for each bad value. */
  check: procedure.input(z.object({ values: z.record(z.string(), z.unknown()) })).query(({ ctx, input }) => {
    ctx.settings.read(input.values)
    return null
  }),
})
