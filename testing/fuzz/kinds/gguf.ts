/** A model in GGUF: header, tokenizer, blocks of every type. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TINY_GGUF, tinyGguf } from '../../tiny-gguf.ts'
import type { Kind } from '../kind.ts'
import { loadModel, readTokenizer } from './models.ts'

const FILE = 'model.gguf'

export const gguf: Kind = {
  async prepare(folder) {
    writeFileSync(join(folder, FILE), tinyGguf(TINY_GGUF, 'qwen2'))
    return [{ file: FILE, form: 'gguf' }]
  },
  async load(folder) {
    await readTokenizer(join(folder, FILE))
    await loadModel(join(folder, FILE))
  },
}
