/** What a user writes or edits: configuration, golden samples, pairs. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wholePrompt } from '../../../main/agent/prompt.ts'
import { parseConfig } from '../../../main/config/config.ts'
import { formFields } from '../../../main/config/form.ts'
import { configSchema } from '../../../main/config/schema.ts'
import { Settings } from '../../../main/config/settings.ts'
import { PROGRAM_ROOT } from '../../../main/files/paths.ts'
import { preferenceText } from '../../../main/preferences/dataset.ts'
import { importPreferences, readPreferenceFile, roundOfFile } from '../../../main/preferences/file.ts'
import { splitGolden } from '../../../main/preferences/golden.ts'
import { addGoldenData, addRecording, readGoldenData } from '../../../main/preferences/golden-file.ts'
import { Store } from '../../../main/store/store.ts'
import type { Kind } from '../kind.ts'

export const config: Kind = {
  async prepare(folder) {
    cpSync(join(PROGRAM_ROOT, 'config.yaml'), join(folder, 'config.yaml'))
    return [{ file: 'config.yaml', form: 'yaml' }]
  },
  async load(folder) {
    const file = join(folder, 'config.yaml')
    formFields(parseConfig(readFileSync(file, 'utf8'), file))
    // The settings form writes one value into the same file.
    new Settings(file).set({ 'training.dpo.beta': 0.2 })
  },
}

const WORDS = ['okay', 'cancel', 'next']

export const golden: Kind = {
  async prepare(folder) {
    const samples = WORDS.map((word, seed) => ({
      prompt: wholePrompt('compact', `Page:\n ${word} button 1\nTask: Click ${word}.`),
      completion: `Thought: ${word}\nAction: click ${word} button 1`,
      task: 'click-button',
      seed,
      step: 0,
      source: 'expert',
    }))
    addGoldenData(join(folder, 'golden.jsonl'), samples)
    return [{ file: 'golden.jsonl', form: 'jsonl' }]
  },
  async load(folder) {
    const file = join(folder, 'golden.jsonl')
    const samples = await readGoldenData(file)
    splitGolden(samples, ['click-button'], 1, 1)
    await addRecording(file, samples.slice(0, 1))
  },
}

function pair(word: string, seed: number) {
  return {
    task: 'click-button',
    seed,
    step: 0,
    chosenAttempt: 0,
    rejectedAttempt: 1,
    margin: null,
    prompt: `Page:\n ${word} button 1\nTask: Click ${word}.`,
    chosen: `Thought: ${word}\nAction: click ${word} button 1`,
    rejected: `Thought: no\nAction: click no button 2`,
  }
}

export const pairs: Kind = {
  async prepare(folder) {
    const store = new Store(join(folder, 'lab.sqlite'))
    try {
      const run = store.runs.create('lab', 'collect', configSchema.parse({}))
      store.pairs.replace({ run, round: 1 }, WORDS.map(pair))
      writeFileSync(join(folder, 'pairs.jsonl'), preferenceText(store.pairs.kept({ run, round: 1 })))
    } finally {
      store.close()
    }
    return [{ file: 'pairs.jsonl', form: 'jsonl' }]
  },
  async load(folder) {
    const path = join(folder, 'pairs.jsonl')
    const store = new Store(join(folder, 'lab.sqlite'))
    try {
      const text = readPreferenceFile(store, path)?.text ?? ''
      await importPreferences(store, { run: 1, round: 1 }, { text, file: path, replace: true, path })
      // As stage 3 does it where no run has these pairs.
      await roundOfFile(store, path, { run: 1, round: 2 })
    } finally {
      store.close()
    }
  },
}
