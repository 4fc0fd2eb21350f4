/** A kind of file that the lab reads, with the loader that reads it. */
import type { Form } from './file-mutation.ts'

/** A file that is mutated, relative to the kind's folder. */
export interface Target {
  readonly file: string
  readonly form: Form
}

export interface Kind {
  /** Writes whole files into an empty folder, and says which can be mutated. */
  prepare(folder: string): Promise<readonly Target[]>
  /**
   * Reads the files of a folder as the lab does. Throws a UserError where the lab tells the user what is wrong; any other
   * error is a fault of the lab.
   */
  load(folder: string): Promise<unknown>
}
