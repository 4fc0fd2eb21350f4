import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { type GgufValue, ggufBytes } from '../../../testing/gguf-file.ts'
import { ggufValues, TINY_GGUF } from '../../../testing/tiny-gguf.ts'
import { CHATML, IM_END, IM_START, tinyTokenizer, writeTinyTokenizer } from '../../../testing/tiny-tokenizer.ts'
import { cutsAsQwen2 } from '../tokenizer/pre-tokenizer.ts'
import { checkTokenizerFits, loadTokenizer } from '../tokenizer/tokenizer.ts'
import { folderOf } from './folder.ts'
import { PRE_TOKENIZERS } from './pre-tokenizers.ts'
import { TOKEN } from './types.ts'

let room: string
beforeAll(() => {
  room = mkdtempSync(join(tmpdir(), 'gguf-tokenizer-'))
})
afterAll(() => rmSync(room, { recursive: true, force: true }))

/** A file of metadata alone, with these values instead of the model's own. */
function fileWith(changes: Readonly<Record<string, GgufValue | null>> = {}, pre?: string): string {
  const values = new Map([...ggufValues({ ...TINY_GGUF, vocab_size: 300 }, pre), ...Object.entries(changes)])
  const kept = [...values].filter((pair): pair is [string, GgufValue] => pair[1] !== null)
  const file = join(room, 'model.gguf')
  writeFileSync(file, ggufBytes({ values: kept, tensors: [] }))
  return file
}

test('gives the ids of the tokenizer.json that it was made from', async () => {
  await writeTinyTokenizer(join(room, 'folder'))
  const own = await loadTokenizer(join(room, 'folder'))
  const tokenizer = await loadTokenizer(fileWith())
  expect(tokenizer.vocabSize).toBe(own.vocabSize)
  expect(tokenizer.stopTokenIds).toEqual(own.stopTokenIds)
  checkTokenizerFits(tokenizer, { vocab_size: 264 })
  for (const text of ['click  it\n\nnow', "I'll <|im_end|> 123", 'Grüße 日本\u0085', '']) {
    expect(tokenizer.encode(text)).toEqual(own.encode(text))
    const messages = [{ role: 'user', content: text }]
    expect(tokenizer.chatPrompt(messages)).toEqual(own.chatPrompt(messages))
  }
  // Rows without a token decode as such.
  expect(tokenizer.decode([IM_START, 0, 290, IM_END], { skipSpecial: true })).toBe('!\uFFFD')
})

describe('what tokenizer.ggml.pre does not say', () => {
  it('Qwen2 normalises to NFC, and cuts as its own tokenizer.json', async () => {
    const file = fileWith({}, 'qwen2')
    expect(cutsAsQwen2(JSON.parse(folderOf(file).get('tokenizer.json')!))).toBe(true)
    const tokenizer = await loadTokenizer(file)
    expect(tokenizer.encode('e\u0301')).toEqual(tokenizer.encode('é'))
    const other = await loadTokenizer(fileWith({}, 'smollm'))
    expect(other.encode('e\u0301')).not.toEqual(other.encode('é'))
  })

  it("tokens that the file calls special and Qwen2's own tokenizer does not", () => {
    const { model } = tinyTokenizer()
    const tokens = [...Object.keys(model.vocab), '<|fim_pad|>', '<tool_call>']
    const types: number[] = tokens.map((token) => (token.startsWith('<|') ? TOKEN.control : TOKEN.normal))
    types[types.length - 1] = TOKEN.userDefined
    const changes: Record<string, GgufValue> = {
      'tokenizer.ggml.tokens': { array: 'string', of: tokens },
      'tokenizer.ggml.token_type': { array: 'int32', of: types },
    }
    const specialIn = (pre: string) => {
      const { added_tokens } = JSON.parse(folderOf(fileWith(changes, pre)).get('tokenizer.json')!)
      return added_tokens
        .filter(({ special }: { special: boolean }) => special)
        .map(({ content }: { content: string }) => content)
    }
    expect(specialIn('qwen2')).toEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>'])
    expect(specialIn('gpt-2')).toEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|fim_pad|>'])
  })

  it.each(Object.keys(PRE_TOKENIZERS))('%s cuts a text into itself', async (pre) => {
    const tokenizer = await loadTokenizer(fileWith({}, pre === 'qwen2' ? 'qwen2' : pre))
    const text = "It's 12345 <tags>, \r\n\n  and\tmore...  ½ ² x_y "
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })
})

test('numbers are cut as the models of each name cut them', async () => {
  const tokenOf = (text: string) => tinyTokenizer().model.vocab[text]!
  const byId = Object.entries(tinyTokenizer().model.vocab).sort(([, a], [, b]) => a - b)
  // With tokens for 12, 123 and 1234.
  const tokens = [...byId.map(([token]) => token), '12', '123', '1234']
  const changes: Record<string, GgufValue> = {
    'tokenizer.ggml.tokens': { array: 'string', of: tokens },
    'tokenizer.ggml.token_type': { array: 'int32', of: tokens.map((_, id) => (id > 260 && id < 264 ? 3 : 1)) },
    'tokenizer.ggml.merges': { array: 'string', of: ['1 2', '12 3', '123 4'] },
  }
  const cut = async (pre: string) => [...(await loadTokenizer(fileWith(changes, pre))).encode('1234')]
  const [one, two, three, four] = ['1', '2', '3', '4'].map(tokenOf)
  expect(await cut('smollm')).toEqual([one, two, three, four])
  expect(await cut('llama-bpe')).toEqual([tokens.indexOf('123'), four])
  expect(await cut('default')).toEqual([tokens.indexOf('123'), four])
  expect(await cut('gpt-2')).toEqual([tokens.indexOf('1234')])
})

test("the model's own tokenizer.json is used where the file has it", async () => {
  const own = { ...tinyTokenizer(), normalizer: { type: 'Lowercase' } }
  const tokenizer = await loadTokenizer(
    fileWith({ 'tokenizer.huggingface.json': { string: JSON.stringify(own) } }, 'of-our-own'),
  )
  expect(tokenizer.encode('CLICK')).toEqual(tokenizer.encode('click'))
})

test('what cannot be read right is refused', async () => {
  const refused: [Readonly<Record<string, GgufValue | null>>, RegExp][] = [
    [
      { 'tokenizer.ggml.model': { string: 'llama' } },
      /a tokenizer of kind llama; this lab reads byte-level BPE \(gpt2\)/,
    ],
    [{ 'tokenizer.ggml.model': null }, /tokenizer\.ggml\.model is missing/],
    [{ 'tokenizer.ggml.pre': { string: 'tekken' } }, /cuts text by the rules tekken; this lab knows qwen2, llama-bpe/],
    [{ 'tokenizer.ggml.pre': { string: '__proto__' } }, /cuts text by the rules __proto__/],
    [{ 'tokenizer.ggml.tokens': { string: 'a' } }, /model\.gguf: tokenizer\.ggml\.tokens/],
    [{ 'tokenizer.ggml.tokens': { array: 'int32', of: [1] } }, /model\.gguf: tokenizer\.ggml\.tokens/],
    [{ 'tokenizer.ggml.merges': null }, /tokenizer\.ggml\.merges must be a list of texts/],
    [{ 'tokenizer.ggml.token_type': { string: 'a' } }, /token_type must be a list of whole numbers/],
    [{ 'tokenizer.ggml.merges': { array: 'string', of: ['a'] } }, /damaged: the merge "a" is not two tokens/],
    [{ 'tokenizer.ggml.token_type': { array: 'int32', of: [1] } }, /damaged: it has 300 tokens, and 1 kind/],
    [{ 'tokenizer.chat_template': null }, /has no chat template/],
  ]
  for (const [changes, told] of refused) {
    await expect(loadTokenizer(fileWith(changes)), String(told)).rejects.toThrow(told)
  }
})

test('the files of a folder have what transformers needs', () => {
  const texts = folderOf(fileWith({ 'tokenizer.ggml.bos_token_id': { uint32: IM_END - 2 } }))
  expect([...texts.keys()]).toEqual([
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  expect(JSON.parse(texts.get('tokenizer_config.json')!)).toMatchObject({
    bos_token: '<|endoftext|>',
    eos_token: '<|im_end|>',
    chat_template: CHATML,
  })
  expect(JSON.parse(texts.get('generation_config.json')!)).toEqual({ eos_token_id: [IM_END, IM_END - 2] })
})
