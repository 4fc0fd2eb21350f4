/**
 * The name of the prompt that weights were trained with. An adapter has it among the free texts of its safetensors file, a
 * merged model in config.json or in the metadata of its GGUF file.
 */
import { type Message, message } from '../messages/message.ts'

export const ADAPTER_PROMPT = 'prompt'
export const CONFIG_PROMPT = 'dpo_driver_prompt'
export const GGUF_PROMPT = 'dpo_driver.prompt'

/** Tells `warn` where the weights of `file` were trained with another prompt than they are asked with. */
export function checkPrompt(file: string, trained: string, prompt: string, warn: (told: Message) => void): void {
  if (trained === prompt) return
  const [style = '', wording] = trained.split(' ')
  const [asked = ''] = prompt.split(' ')
  if (style !== asked) warn(message('adapterOtherPrompt', { file, trained: style, prompt: asked }))
  else if (wording !== undefined) warn(message('adapterOtherWording', { file, trained, prompt }))
}
