/** Turns faults of pages into errors that ask the user to try again. */
import { EnvironmentFault } from '../chromium/fault.ts'
import { UserError } from '../messages/error.ts'

/** The UserError for a fault of the task's page. Any other error is returned as it is. */
export function pageFailed(task: string, error: unknown): unknown {
  return error instanceof EnvironmentFault ? new UserError('pageFailed', { task, why: error.fault }) : error
}
