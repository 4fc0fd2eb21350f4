import type { UserError } from '../../messages/error.ts'
import type { Port } from './port.ts'

/** A process or page that computes for the lab, and the way to it. */
export interface Host {
  readonly port: Port
  /** Resolves when it has ended by itself, with what the user should know. Never rejects. */
  readonly failed: Promise<UserError>
  /** Ends it at once, and waits until it is gone. May be called again. Never throws. */
  end(): Promise<void>
}
