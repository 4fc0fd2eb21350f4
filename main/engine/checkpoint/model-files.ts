/** The small files of a model: those of its folder, or what a GGUF file says, in the form of such a folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../messages/error.ts'
import type { ModelConfig } from '../engine.ts'
import { configOf, modelConfigOf } from '../gguf/config.ts'
import { folderOf } from '../gguf/folder.ts'
import { isGguf, openGguf } from '../gguf/parts.ts'
import { parseModelConfig, promptOfConfig } from './config-json.ts'
import { readOptional, readOptionalSync } from './model-file.ts'

export interface ModelFiles {
  /** Where a file is, for messages. */
  place(name: string): string
  /** Its text; undefined if there is none. */
  read(name: string): Promise<string | undefined>
}

/** The small files of a model. @throws UserError if its GGUF file is not usable. */
export function modelFiles(model: string): ModelFiles {
  if (!isGguf(model)) {
    return { place: (name) => join(model, name), read: (name) => readOptional(join(model, name)) }
  }
  const texts = folderOf(model)
  return { place: () => model, read: async (name) => texts.get(name) }
}

/** The contents of the small files whose names match, by name. @throws UserError as modelFiles does. */
export function contentsOf(model: string, names: RegExp): [name: string, content: string | Uint8Array][] {
  if (isGguf(model)) return [...folderOf(model)].filter(([name]) => names.test(name))
  const wanted = readdirSync(model).filter((name) => names.test(name))
  return wanted.map((name) => [name, readFileSync(join(model, name))])
}

/** The configuration of a model on this machine. @throws UserError if it is missing or not one that this lab computes. */
export function readModelConfig(model: string): ModelConfig {
  return isGguf(model) ? modelConfigOf(openGguf(model)) : parseModelConfig(...configJson(model))
}

/**
 * The name of the prompt that a model on this machine was trained with; undefined if nobody says.
 * @throws UserError as readModelConfig does.
 */
export function readPromptName(model: string): string | undefined {
  if (isGguf(model)) return promptOfConfig(configOf(openGguf(model)))
  return promptOfConfig(JSON.parse(configJson(model)[1]))
}

function configJson(model: string): [file: string, text: string] {
  const file = join(model, 'config.json')
  const text = readOptionalSync(file)
  if (text === undefined) throw new UserError('configJsonMissing', { file })
  return [file, text]
}
