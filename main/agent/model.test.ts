import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { randomAdapter, randomModel } from '../../testing/random-model.ts'
import { FOR_PAGES } from '../../testing/small-models.ts'
import { IM_END, TINY_VOCAB_SIZE, writeTinyTokenizer } from '../../testing/tiny-tokenizer.ts'
import type { MergeForm } from '../adapters/forms.ts'
import { mergeAdapter } from '../adapters/merge.ts'
import { PROJECTIONS, type PromptStyle } from '../config/choices.ts'
import { initLora, saveAdapter } from '../engine/adapter/adapter.ts'
import { saveCheckpoint } from '../engine/checkpoint/checkpoint.ts'
import type { AdamW, LoraConfig } from '../engine/engine.ts'
import { qwen2 } from '../engine/families.ts'
import type { Observation } from '../environment/observation.ts'
import { UserError } from '../messages/error.ts'
import type { Message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import { formatCompletion } from './grammar.ts'
import { AgentModel } from './model.ts'
import { promptName } from './prompt.ts'
import { promptOf } from './texts.ts'

const CONFIG = { ...FOR_PAGES, vocab_size: TINY_VOCAB_SIZE }
const LORA: LoraConfig = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: PROJECTIONS }
const ADAM_W: AdamW = {
  learning_rate: 1e-2,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
}
const PAGE: Observation = {
  instruction: 'click Ok',
  elements: [{ ref: 1, role: 'button', name: 'Ok', states: [] }],
  dropped: 0,
}

let folder: string
let model: AgentModel
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-'))
  await saveCheckpoint(join(folder, 'base'), CONFIG, randomModel(CONFIG, 1, 0.1))
  await writeTinyTokenizer(join(folder, 'base'))
  model = await AgentModel.load({ model: join(folder, 'base'), threads: 1 })
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true })
})

test('a completion to train on ends with the stop token, and its text is decoded without it', () => {
  const text = formatCompletion({ thought: 'the button', action: { kind: 'click', ref: 1 } }, PAGE)
  const tokens = model.completionTokens(text)
  expect(tokens.at(-1)).toBe(IM_END)
  expect(model.completionText(tokens)).toBe(text)
})

test('special tokens within a completion stay visible, so that the parser sees them', () => {
  expect(model.completionText(Int32Array.of(IM_END - 1, IM_END))).toBe('<|im_start|>')
})

test('the prompt has the page, the task and the earlier actions, and opens the answer', () => {
  const text = model.tokenizer.decode(model.promptTokens(PAGE, ['press Tab']))
  expect(text).toContain('Page:\n Ok button 1\nTask: click Ok\nDone: press Tab')
  expect(text.endsWith('<|im_start|>assistant\n')).toBe(true)
})

test('an answer without an action throws the reason and the text', async () => {
  await expect(model.predict('click Ok', PAGE, [], { max_new_tokens: 4, constrained: false })).rejects.toThrow(
    /did not end its answer within 4 tokens: "|is no action, /,
  )
})

test('an answer is held to the actions of the page', async () => {
  for (const seed of [1, 2, 3]) {
    const { action } = await model.predict('click Ok', PAGE, [], { temperature: 1, seeds: [seed] })
    expect(action.kind === 'press' || action).toEqual(action.kind === 'press' ? true : { kind: 'click', ref: 1 })
  }
  await expect(model.predict('click Ok', PAGE, [], { max_new_tokens: 4 })).rejects.toThrow(
    'An answer with an action takes at least 28 tokens, and max_new_tokens is 4',
  )
})

test('a script that gives no page gets an error that names the argument', async () => {
  const answer: Promise<unknown> = Reflect.apply(model.predict, model, ['click Ok'])
  await expect(answer).rejects.toThrow(UserError)
  await expect(answer).rejects.toThrow(/^predict takes the page as its second argument/)
})

test('a trained adapter answers with a thought and an action', { timeout: 120_000 }, async () => {
  const { engine } = model
  const completion = 'Thought: a\nAction: click Ok button 1'
  const forest = [
    { tokens: model.promptTokens(PAGE, []), parent: -1, targetStart: model.promptTokens(PAGE, []).length },
    { tokens: model.completionTokens(completion), parent: 0, targetStart: 0 },
  ]
  await engine.addAdapter('lesson', LORA, initLora(CONFIG, LORA, 2))
  await engine.train('lesson')
  for (let step = 0; step < 200; step++) {
    await engine.accumulate(forest, ({ logprobs }) => logprobs.map(() => -1 / logprobs.length))
    await engine.step(ADAM_W)
  }
  const weights = await engine.adapterWeights('lesson')
  await saveAdapter(join(folder, 'adapter'), LORA, weights, 'base')
  await model.loadAdapter(join(folder, 'adapter'))
  expect(await model.predict('click Ok', PAGE)).toMatchObject({
    thought: 'a',
    action: { kind: 'click', ref: 1 },
    text: 'click Ok button 1',
    completion,
  })
})

test('auto takes the prompt that the chat template has room for', async () => {
  const { chatPrompt, ...tokenizer } = model.tokenizer
  const silent: typeof model.tokenizer = {
    ...tokenizer,
    chatPrompt: (messages, options) =>
      chatPrompt(
        messages.filter(({ role }) => role !== 'system'),
        options,
      ),
  }
  expect(promptOf(model.tokenizer)).toBe('instruct')
  expect(promptOf(silent)).toBe('compact')
})

test('a merged model is asked with the prompt that its adapter was trained with', async () => {
  const bySystem = promptOf(model.tokenizer)
  const other = bySystem === 'compact' ? 'instruct' : 'compact'
  const told: string[] = []
  const merged = async (name: string, trained: string, form: MergeForm, from = 'base') => {
    const adapter = join(folder, `${name} adapter`)
    await saveAdapter(adapter, LORA, randomAdapter(CONFIG, LORA, 1), null, { prompt: trained })
    await mergeAdapter(join(folder, from), adapter, join(folder, name), { form })
  }
  const opened = async (name: string, prompt: 'auto' | PromptStyle = 'auto') => {
    told.length = 0
    const warn = (one: Message) => told.push(english(one))
    const opened = await AgentModel.load({ model: join(folder, name), threads: 1, prompt, warn })
    await opened.close()
    return opened.prompt
  }
  await merged('asked-other', promptName(other), 'safetensors')
  await merged('asked-other.gguf', promptName(other), 'F16')
  for (const name of ['asked-other', 'asked-other.gguf']) {
    expect(await opened(name)).toBe(other)
    expect(told).toEqual([])
    expect(await opened(name, bySystem)).toBe(bySystem)
    expect(told).toEqual([expect.stringContaining(`was trained with the prompt ${other}, but`)])
  }
  // An adapter that names none leaves the base's, and one that names another replaces it.
  const silent = join(folder, 'silent')
  await saveAdapter(silent, LORA, randomAdapter(CONFIG, LORA, 1), null)
  await mergeAdapter(join(folder, 'asked-other.gguf'), silent, join(folder, 'twice'))
  expect(await opened('twice')).toBe(other)
  await merged('again.gguf', `${bySystem} 00000000`, 'F16', 'twice')
  expect(await opened('again.gguf')).toBe(bySystem)
  expect(told).toEqual([expect.stringContaining('which had other words')])
  expect(await opened('base')).toBe(bySystem)
  expect(told).toEqual([])
})

test('a name of a prompt that config.json has in another form counts for none', async () => {
  const path = join(folder, 'odd')
  await cp(join(folder, 'base'), path, { recursive: true })
  const file = join(path, 'config.json')
  const told: Message[] = []
  for (const dpo_driver_prompt of [7, null, ['instruct'], 'x'.repeat(1e6), '', 'instruct\n']) {
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), dpo_driver_prompt }))
    const odd = await AgentModel.load({ model: path, threads: 1, warn: (one) => told.push(one) })
    expect(odd.prompt).toBe(promptOf(model.tokenizer))
    await odd.close()
  }
  expect(told).toEqual([])
})

test('an adapter that was trained with another prompt is told', async () => {
  const path = join(folder, 'asked')
  const told: string[] = []
  const load = async (prompt: string | null, fingerprint: string | null = null) => {
    told.length = 0
    await saveAdapter(path, LORA, randomAdapter(CONFIG, LORA, 1), null, { prompt, fingerprint })
    await model.checkAdapter(path, (one) => told.push(english(one)))
  }
  const [ours, other] =
    model.prompt === 'compact' ? (['compact', 'instruct'] as const) : (['instruct', 'compact'] as const)
  await load(promptName(ours))
  expect(told).toEqual([])
  await load(promptName(other))
  expect(told).toEqual([expect.stringContaining(`was trained with the prompt ${other}, but`)])
  await load(`${ours} 00000000`)
  expect(told).toEqual([expect.stringContaining('which had other words')])
  await load(null)
  expect(told).toEqual([])
})

test('an adapter of another model is refused', async () => {
  const other = qwen2({ ...CONFIG, hidden_size: 16 })
  await saveAdapter(join(folder, 'other'), LORA, randomAdapter(other, LORA, 1), null)
  await expect(model.loadAdapter(join(folder, 'other'), 'other')).rejects.toThrow('adapter_model.safetensors')
})

test('a tokenizer of another model is refused', async () => {
  const small = { ...CONFIG, vocab_size: 100 }
  await saveCheckpoint(join(folder, 'small'), small, randomModel(small, 1))
  await writeTinyTokenizer(join(folder, 'small'))
  await expect(AgentModel.load({ model: join(folder, 'small') })).rejects.toThrow('vocab_size is 100')
})
