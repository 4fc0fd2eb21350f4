/** An error meant for the user: one sentence that says what is wrong, where, and what to do. The CLI prints it alone. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** What to show of an error: the sentence of one that is the user's to mend, else the stack, for it is a bug. */
export function errorText(error: unknown): string {
  if (error instanceof UserError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
