/** The configuration file. It is read anew whenever it is needed, and written by the settings form. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isScalar, isSeq, parseDocument } from 'yaml'
import { writeFileAtomic } from '../files/file.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { removeUnfinished } from '../files/unfinished.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { openConfig, parseConfig, renameAliases } from './config.ts'
import { type Field, formFields, valueAt } from './form.ts'
import type { Config } from './schema.ts'

/** Values by dotted key. */
export type Values = Readonly<Record<string, unknown>>

export class Settings {
  /** The file's path, as errors show it. */
  readonly shown: string
  readonly #path: string
  readonly #named: string | undefined
  readonly #overrides: Values

  /**
   * `path` is the file, by default config.yaml of the project. `overrides` override it, as those of a command line do.
   */
  constructor(path?: string, overrides: Values = {}) {
    this.#named = path
    this.#path = path ?? projectPath('config.yaml')
    this.#overrides = overrides
    this.shown = shownPath(this.#path)
    removeUnfinished(dirname(this.#path))
  }

  /** The file's present values, with `more` over them. Throws UserError with one message for each problem. */
  read(more: Values = {}): Config {
    return this.reader()(more)
  }

  /** `read` for many values: the file is read once. Throws UserError for what is wrong in the file itself. */
  reader(): (more?: Values) => Config {
    const read = openConfig(this.#named)
    return (more = {}) => read({ ...this.#overrides, ...more }, message('settings'))
  }

  /** Every key as a form shows it. Throws UserError where the file is not a valid configuration. */
  fields(): Field[] {
    return formFields(this.read())
  }

  /**
   * Writes values into the file, all or none. Comments and other keys stay unchanged. Throws UserError with one message
   * for each bad value, and where a value of `before` is no longer that of the file.
   */
  set(values: Values, before: Values = {}): Config {
    const present = Object.keys(before).length === 0 ? null : this.read()
    const changed = Object.keys(before).filter(
      (key) => present !== null && !isDeepStrictEqual(valueAt(present, key), before[key]),
    )
    if (changed.length > 0) throw new UserError('settingsChangedMeanwhile', { keys: changed })
    const text = existsSync(this.#path) ? readFileSync(this.#path, 'utf8') : ''
    const config = parseConfig(text, this.shown, { ...this.#overrides, ...values }, message('settings'))
    const document = parseDocument(text)
    renameAliases(document)
    for (const key of Object.keys(values)) {
      if (key in this.#overrides) {
        throw new UserError('givenOnCommandLine', { key })
      }
      const path = key.split('.')
      // The parsed value: of a task's name, for example, without Gymnasium's prefix and version.
      const value = valueAt(config, key)
      const node = document.getIn(path, true)
      if (isScalar(node) && !Array.isArray(value)) node.value = value
      else document.setIn(path, document.createNode(value, { flow: isSeq(node) ? node.flow === true : true }))
    }
    writeFileAtomic(this.#path, document.toString({ lineWidth: 120, flowCollectionPadding: false }))
    return config
  }
}
