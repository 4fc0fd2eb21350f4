/** For tests: a user's home with models of other programs, small and random, whole and broken. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { saveCheckpoint } from '../main/engine/checkpoint/checkpoint.ts'
import { type GgufValue, ggufBytes } from './gguf-file.ts'
import { randomModel, TINY } from './random-model.ts'
import { tinyGguf } from './tiny-gguf.ts'
import { TINY_VOCAB_SIZE, writeTinyTokenizer } from './tiny-tokenizer.ts'

const CONFIG = { ...TINY, vocab_size: TINY_VOCAB_SIZE }

/** The variables under which the lab finds the models that `writeInstalledModels` has written. */
export function installedEnvironment(home: string): Readonly<Record<string, string>> {
  return { HF_HUB_CACHE: join(home, 'hub'), OLLAMA_MODELS: join(home, 'ollama') }
}

/** Writes a Hugging Face cache, Ollama's folder, and LM Studio's, which is found if `home` is the user's home. */
export async function writeInstalledModels(home: string): Promise<void> {
  await writeCheckpoint(snapshotIn(home, 'Qwen/Tiny-Instruct'))
  // As a broken download and AutoTokenizer leave them.
  await writeTinyTokenizer(writeConfig(snapshotIn(home, 'Qwen/Tiny-Part'), CONFIG))
  writeConfig(snapshotIn(home, 'openai/whisper-tiny'), { model_type: 'whisper', d_model: 384 })
  const quantized = { ...CONFIG, quantization_config: { quant_method: 'awq', bits: 4 } }
  writeConfig(snapshotIn(home, 'Qwen/Tiny-AWQ'), quantized)
  const gguf = tinyGguf()
  const digest = `sha256:${'a'.repeat(64)}`
  const layers = [{ mediaType: 'application/vnd.ollama.image.model', digest, size: gguf.length }]
  writeManifest(home, 'registry.ollama.ai/library/tiny/0.1b', layers)
  writeFileIn(home, 'ollama/blobs', digest.replace(':', '-'), gguf)
  const studio = '.lmstudio/models/someone/Tiny-GGUF'
  writeFileIn(home, studio, 'tiny.gguf', gguf)
  writeFileIn(home, studio, 'tiny-cut.gguf', gguf.subarray(0, 3000))
  writeFileIn(home, studio, 'part-00001-of-00002.gguf', gguf)
  writeFileIn(home, studio, 'part-00002-of-00002.gguf', gguf)
  const gemma = { values: [['general.architecture', { string: 'gemma3' }] satisfies [string, GgufValue]], tensors: [] }
  writeFileIn(home, studio, 'gemma.gguf', ggufBytes(gemma))
  writeManifest(home, 'registry.ollama.ai/library/nomodel/latest', [{ mediaType: 'text/plain', digest: 'sha256:0' }])
}

/** Writes a whole checkpoint of a tiny Qwen2 into a folder. */
export async function writeCheckpoint(folder: string): Promise<void> {
  await writeTinyTokenizer(folder)
  await saveCheckpoint(folder, CONFIG, randomModel(CONFIG, 1))
}

/** The folder of a model's only snapshot in the cache. */
function snapshotIn(home: string, name: string): string {
  return join(home, 'hub', `models--${name.replace('/', '--')}`, 'snapshots', 'abcdef')
}

function writeFileIn(home: string, folder: string, name: string, content: Buffer): void {
  mkdirSync(join(home, folder), { recursive: true })
  writeFileSync(join(home, folder, name), content)
}

function writeConfig(folder: string, config: object): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  return folder
}

/** Writes a manifest of Ollama's. */
export function writeManifest(home: string, place: string, layers: readonly object[]): void {
  const file = join(home, 'ollama/manifests', place)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify({ schemaVersion: 2, layers }))
}
