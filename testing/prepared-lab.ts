/**
 * A lab with a finished run in its store, made in a moment: nothing is trained or played. It has all that a run of the
 * pipeline leaves: episodes, pairs, metrics, adapters, the log and the report.
 */

import { wholePrompt } from '../main/agent/prompt.ts'
import { loadConfig } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { saveAdapter } from '../main/engine/adapter/adapter.ts'
import { adapterDigest } from '../main/engine/adapter/identity.ts'
import { architectureOf } from '../main/engine/architecture.ts'
import { writeReport } from '../main/evaluation/report.ts'
import { summarise } from '../main/evaluation/summary.ts'
import { createLab, type Lab } from '../main/lab.ts'
import { NO_FAILURE } from '../main/messages/error.ts'
import { message } from '../main/messages/message.ts'
import { english } from '../main/messages/say.ts'
import { exportAdapter, runArtifacts } from '../main/pipeline/artifacts.ts'
import type { LabEvent } from '../main/pipeline/events.ts'
import { evaluationOf, examplesOf, history, labels } from '../main/pipeline/results.ts'
import type { CheckResult } from '../main/pipeline/stages/verify.ts'
import { addGoldenData } from '../main/preferences/golden-file.ts'
import { buildPairs } from '../main/preferences/pairs.ts'
import { successSteps } from '../main/preferences/successes.ts'
import type { Episode } from '../main/store/episode.ts'
import { ENDINGS } from './endings.ts'
import { randomAdapter } from './random-model.ts'
import { writeSmallLab } from './small-lab.ts'

const TASKS = ['click-button', 'click-checkboxes', 'enter-password']
const ARMS = ['sft', 'replay', 'success_sft', 'nll_chosen', 'dpo'] as const
type ArmName = (typeof ARMS)[number]

const CHECKS = [
  ['node', message('foundNode', { version: process.versions.node })],
  ['tasks', message('foundTasks', { count: TASKS.length })],
] as const
/** The task that has one more problem, which no attempt solves. */
const UNSOLVED = 'enter-password'
/** Problems of a task, and attempts at each. The first half of the attempts succeed, the others fail in different ways. */
const PROBLEMS = 6
const ATTEMPTS = 4
/** Unseen problems of a task. */
const EVALUATED = 6
/** Optimiser steps of each training. */
export const STEPS = 12

/**
 * Writes the lab and returns its configuration file; `settings` are as for `writeSmallLab`. `words` are the names of the
 * buttons on its pages; instructions, thoughts and actions quote them.
 */
export async function prepareLab(
  folder: string,
  settings: Readonly<Record<string, unknown>> = {},
  words: readonly string[] = WORDS,
): Promise<string> {
  const file = writeSmallLab(folder, settings)
  const config = loadConfig(file)
  const lab = createLab(config)
  try {
    await writeRun(lab, config, words)
  } finally {
    lab.close()
  }
  return file
}

async function writeRun({ store }: Lab, config: Config, words: readonly string[]): Promise<void> {
  const episode: Play = (task, seed, attempt, outcome) => episodeWith(words, { task, seed, attempt, outcome })
  const run = store.runs.create(config.project.name, 'pipeline', config)
  const artifacts = runArtifacts(config, { id: run, name: config.project.name })
  const tell = (event: LabEvent) => store.events.add(run, event)
  const stage = (name: string, title: string, round: number, result: unknown, seconds = 30) => {
    store.stages.start({ run, stage: name, round })
    store.stages.addSeconds({ run, stage: name, round }, seconds)
    store.stages.end({ run, stage: name, round }, 'done', result)
    for (const status of ['running', 'done'] as const) {
      tell({ event: 'stage', stage: name, title, round, status, seconds, result: status === 'done' ? result : null })
    }
  }

  tell({ event: 'run', run, name: config.project.name, command: 'pipeline', resumed: false })
  stage('verify', 'check that everything is there', 0, { checks: CHECKS.map(passed) }, 2)

  const played = [
    ...TASKS.flatMap((task) =>
      range(PROBLEMS).flatMap((seed) =>
        range(ATTEMPTS).map((attempt) => episode(task, seed, attempt, attempt < ATTEMPTS / 2 ? 'success' : 'failure')),
      ),
    ),
    ...range(ATTEMPTS).map((attempt) => episode(UNSOLVED, PROBLEMS, attempt, 'failure')),
  ]
  const samples = successSteps(played).map(({ task, seed, prompt, completion }) => {
    return { prompt: wholePrompt('compact', prompt), completion, task, seed, step: 0, source: 'expert' }
  })
  addGoldenData(config.paths.sft_data, samples)
  stage('golden', 'scripted experts show each task', 0, {
    samples: samples.length,
    recorded: samples.length,
    without: [],
  })

  const shape = architectureOf(config.model.base_model_name)
  const adapterOf = (arm: ArmName) => artifacts.adapter(arm, arm === 'sft' ? 0 : 1)
  for (const [seed, arm] of ARMS.entries()) {
    // So small that every policy answers nearly like the base model, but no two are equal.
    await saveAdapter(
      adapterOf(arm),
      config.lora,
      randomAdapter(shape, config.lora, seed, 0.002),
      config.model.base_model_name,
    )
  }
  await exportAdapter(adapterOf('sft'), config.paths.sft_adapter_path)
  await exportAdapter(adapterOf('dpo'), config.paths.dpo_adapter_path)

  for (const step of range(STEPS))
    store.metrics.add({ run, stage: 'sft', round: 0, arm: 'sft' }, step + 1, sftMetrics(step))
  stage('sft', 'the base model learns from golden samples', 0, {
    examples: samples.length,
    step: STEPS,
    steps: STEPS,
    stoppedEarly: false,
  })

  for (const one of played) store.episodes.add({ run, stage: 'collect', round: 1, arm: '' }, one)
  const { pairs, counts } = buildPairs(played)
  store.pairs.replace({ run, round: 1 }, pairs)
  store.pairs.setTrainingSet({ run, round: 1 }, { run, round: 1 })
  stage('collect', 'the agent tries tasks; successes and failures become pairs', 1, counts)

  const learned = ARMS.filter((arm) => arm !== 'sft')
  for (const arm of learned) {
    for (const step of range(STEPS)) store.metrics.add({ run, stage: 'dpo', round: 1, arm }, step + 1, dpoMetrics(step))
  }
  const dpo = { pairs: pairs.length, reference: adapterOf('sft'), arms: learned }
  stage('dpo', 'the agent learns from its pairs', 1, dpo)

  const arms = ARMS.map((name, better) => ({ name, episodes: evaluation(better, episode) }))
  for (const { name, episodes } of arms) {
    for (const one of episodes) store.episodes.add({ run, stage: 'evaluate', round: 1, arm: name }, one)
  }
  const facts = {
    model: config.model.base_model_name,
    reference: message('factReferenceSft'),
    round: message('factRounds', { round: 1, rounds: 1 }),
  }
  const found = { arms, ...labels([]), facts }
  stage('evaluate', 'all policies play the same unseen problems', 1, {
    report: artifacts.folder,
    round: 1,
    arms: summarise(found).arms,
    adapters: Object.fromEntries(ARMS.map((arm) => [arm, adapterDigest(adapterOf(arm))])),
    facts,
  })
  const examples = examplesOf(store, evaluationOf(store, run, []).arms)
  writeReport(artifacts.folder, { ...history(store, run), ...found, examples })
  store.runs.setStatus(run, 'done')
  tell({ event: 'end', run, status: 'done', seconds: 182, ...NO_FAILURE })
}

/** A check of stage 0, as it is stored. */
function passed([name, found]: (typeof CHECKS)[number]): CheckResult {
  return { name, ok: true, detail: english(found), messages: [found] }
}

/** A policy's episodes on the unseen problems. Policies later in ARMS solve more of them. */
function evaluation(better: number, episode: Play): Episode[] {
  return TASKS.flatMap((task, place) =>
    range(EVALUATED).map((at) =>
      episode(task, 10_000 + at, 0, (at + place) % EVALUATED <= better ? 'success' : 'failure'),
    ),
  )
}

/** A picture of a page: 16 by 21 pixels of JPEG, white below a yellow strip. */
const PICTURE = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6j' +
    'q62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk' +
    'pKSkpKSkpKT/wAARCAAVABADASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIG/8QAFhABAQEAAAAAAAAAAAAAAAAAAAES' +
    '/8QAFQEBAQAAAAAAAAAAAAAAAAAAAQP/xAAXEQEAAwAAAAAAAAAAAAAAAAAAAhET/9oADAMBAAIRAxEAPwDR5pmrEsomwBUP/9k=',
  'base64',
)

const WORDS = ['Okay', 'Submit', 'Cancel', 'Next', 'Previous', 'Help', 'Yes', 'No']

interface Played {
  readonly task: string
  readonly seed: number
  readonly attempt: number
  readonly outcome: 'success' | 'failure'
}
type Play = (task: string, seed: number, attempt: number, outcome: Played['outcome']) => Episode

/** An episode of two steps. The page has buttons, the task names one of them, and the attempt clicks it or another one. */
function episodeWith(words: readonly string[], { task, seed, attempt, outcome }: Played): Episode {
  const wanted = seed % words.length
  const clicked = outcome === 'success' ? wanted : (wanted + 1 + attempt) % words.length
  const page = words.map((word, ref) => ` ${word} button ${ref + 1}`).join('\n')
  const instruction = `Click on the "${words[wanted]}" button.`
  const step = (done: string, thought: string, action: string) => ({
    page,
    prompt: `Page:\n${page}\nTask: ${instruction}${done}`,
    completion: `Thought: ${thought}\nAction: ${action}`,
    tokens: [1, 2, 3],
    logprob: outcome === 'success' ? -1 : -2,
    thought,
    action,
    shot: { picture: PICTURE, box: null },
  })
  return {
    task,
    seed,
    attempt,
    instruction,
    ...ENDINGS[outcome],
    duration: 80,
    steps: [
      step('', 'the page has the focus', 'press Tab'),
      step('\nDone: press Tab', `${words[clicked]} it is`, `click ${words[clicked]} button ${clicked + 1}`),
    ],
  }
}

function sftMetrics(step: number): Record<string, number> {
  const learned = step / STEPS
  return {
    loss: 2 - learned,
    mean_token_accuracy: 0.5 + learned / 3,
    grad_norm: 1,
    learning_rate: 1e-4 * (1 - learned),
    ...progress(step),
  }
}

function dpoMetrics(step: number): Record<string, number> {
  const learned = step / STEPS
  return {
    loss: 0.7 - learned / 2,
    'rewards/chosen': learned / 2,
    'rewards/rejected': -learned,
    'rewards/accuracies': 0.5 + learned / 2,
    'rewards/margins': 1.5 * learned,
    'logps/chosen': -6 + learned,
    'logps/rejected': -6 - learned,
    grad_norm: 1,
    learning_rate: 1e-4 * (1 - learned),
    ...progress(step),
  }
}

/** Each step computes 400 tokens in a quarter of a second. */
function progress(step: number): Record<string, number> {
  return { num_tokens: 400 * (step + 1), tokens_per_second: 1600 }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at)
}
