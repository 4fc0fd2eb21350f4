import { expect, test } from 'vitest'
import { homeWithModels } from '../../testing/home-with-models.ts'
import { testNative } from '../../testing/native.ts'
import { dpoDriver } from '../cli.ts'

homeWithModels()

async function models(...options: string[]): Promise<string> {
  let out = ''
  const write = (text: string) => {
    out += text
  }
  expect(await dpoDriver(['models', ...options], { out: { write }, err: { write } })).toBe(0)
  return out
}

test('the list marks the configured model, and says why others cannot be used', async () => {
  const text = await models('--set', 'model.base_model_name=Qwen/Tiny-Instruct')
  expect(text).toMatch(/^ {4}qwen2 +\d\.\d+M +F32 +0\.0\d+ GB +0\.\d+ GB of memory +models\/base$/m)
  expect(text).toMatch(/^ {2}\* qwen2 .* Qwen\/Tiny-Instruct$/m)
  expect(text).toMatch(/^Not usable with this lab:$/m)
  expect(text).toMatch(/^ {4}openai\/whisper-tiny: whisper is a family that the lab does not run$/m)
})

testNative('--json prints a model a line; --time adds the seconds of a run', async () => {
  const lines = (await models('--json', '--time')).trim().split('\n')
  const listed = lines.map((line) => JSON.parse(line))
  expect(listed.find(({ name }) => name === 'models/base')).toMatchObject({
    seconds: expect.any(Number),
    configured: true,
    problem: null,
  })
  expect(listed.find(({ name }) => name === 'Qwen/Tiny-AWQ')).toMatchObject({ seconds: null, memory: null })
})
