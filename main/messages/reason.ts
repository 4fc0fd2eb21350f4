/** What an error of another program or library says, in its first line: a message takes it as a value. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
