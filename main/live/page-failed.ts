/** A page that fails is for the person who looks at it to try again. */
import { EnvironmentFault } from '../environment/fault.ts'
import { UserError } from '../messages/error.ts'

/** The UserError for a fault of the task's page; any other error as it is. */
export function pageFailed(task: string, error: unknown): unknown {
  return error instanceof EnvironmentFault ? new UserError('pageFailed', { task, why: error.fault }) : error
}
