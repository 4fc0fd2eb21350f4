/** The small files that a model's folder in Hugging Face layout would have, from a GGUF file's metadata. */
import { configOf } from './config.ts'
import { openGguf } from './parts.ts'
import { ggufTokenizer } from './tokenizer.ts'

/**
 * Their texts, by name: config.json, generation_config.json, tokenizer.json, tokenizer_config.json.
 * @throws UserError as openGguf, configOf and ggufTokenizer do.
 */
export function folderOf(file: string): Map<string, string> {
  const gguf = openGguf(file)
  const tokenizer = ggufTokenizer(gguf)
  return new Map([
    ['config.json', indented(configOf(gguf))],
    ['generation_config.json', indented(tokenizer.generation)],
    ['tokenizer.json', tokenizer.tokenizer],
    ['tokenizer_config.json', indented(tokenizer.config)],
  ])
}

function indented(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`
}
