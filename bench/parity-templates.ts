/** Compares how the lab and transformers render the chat templates of the families, which TRL brings along. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { chatRenderer } from '../main/engine/tokenizer/chat-template.ts'
import { PROJECT_ROOT } from '../main/files/paths.ts'

const run = promisify(execFile)
const TIME_LIMIT = 300_000

const TEMPLATES = ['qwen2_5', 'qwen3', 'qwen3_instruct_2507', 'llama3', 'llama3_1', 'llama3_2'] as const

const ask = { role: 'user', content: '  Click the "OK" button.\n' }
const answer = { role: 'assistant', content: 'Thought: it is <there>.\nAction: click OK button 2' }
const CONVERSATIONS = [
  [ask],
  [{ role: 'system', content: 'You act on web pages. ' }, ask],
  [{ role: 'system', content: 'You act.' }, ask, answer, { role: 'user', content: 'é 你好 <|im_end|>' }],
  [ask, { ...answer, content: '<think>\nfirst\n</think>\n\nclick' }, ask, answer],
]

const TOKENS = { bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' }

const resultSchema = z.record(z.string(), z.object({ text: z.string(), rendered: z.array(z.string()) }))

/** How many of how many renderings differ, by template. */
export async function compareTemplates(
  python: string,
): Promise<readonly { readonly template: string; readonly differing: number; readonly of: number }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dpo-driver-parity-'))
  try {
    const variables = { ...TOKENS, enable_thinking: false, date_string: '26 Jul 2024' }
    const [given, result] = [join(folder, 'given.json'), join(folder, 'result.json')]
    await writeFile(given, JSON.stringify({ templates: TEMPLATES, conversations: CONVERSATIONS, variables }))
    const script = join(import.meta.dirname, 'parity_templates.py')
    await run(python, [script, join(PROJECT_ROOT, 'models/base'), given, result], {
      timeout: TIME_LIMIT,
      env: { ...process.env, HF_HUB_OFFLINE: '1' },
    })
    const templates = resultSchema.parse(JSON.parse(await readFile(result, 'utf8')))
    return Object.entries(templates).map(([template, { text, rendered }]) => {
      const render = chatRenderer(template, text, TOKENS)
      const ours = CONVERSATIONS.flatMap((messages) => [render(messages, false), render(messages, true)])
      return { template, differing: ours.filter((one, i) => one !== rendered[i]).length, of: rendered.length }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
