/** An error meant for the user: one sentence that says what is wrong, where, and what to do. The CLI prints it alone. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
