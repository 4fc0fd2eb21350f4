/** A study in a lab, made in a moment: most of its trainings are evaluated, one failed, one is cancelled, others wait. */
import { loadConfig, openConfig } from '../main/config/config.ts'
import { createLab } from '../main/lab.ts'
import { message } from '../main/messages/message.ts'
import { english } from '../main/messages/say.ts'
import { buildPairs } from '../main/preferences/pairs.ts'
import type { Store } from '../main/store/store.ts'
import type { Member } from '../main/store/studies.ts'
import { expandPlan, planSchema } from '../main/study/plan.ts'
import { createStudy } from '../main/study/studies.ts'
import { type SampleStudy, sampleStudy } from './sample-study.ts'

const TASKS = ['click-button', 'click-checkboxes', 'enter-password']
/** Success of DPO by variant. */
const VARIANTS = { 'as run 1': 0.7, 'beta 0.3': 0.8 }
const SEEDS = [7, 8, 9, 10, 11]
const STEPS = 40
const { counts: NO_PAIRS } = buildPairs([])

/** Writes the study into the lab of a configuration file. Returns its number. `finished` says whether nothing is left of it. */
export function prepareStudy(file: string, name: string, { finished = false } = {}): number {
  const { store, close } = createLab(loadConfig(file))
  try {
    const plan = planSchema.parse({
      name,
      seeds: SEEDS,
      set: { tasks: TASKS, 'evaluation.num_episodes_per_task': 12 },
      variants: { 'as run 1': {}, 'beta 0.3': { 'training.dpo.beta': 0.3 } },
    })
    const read = openConfig(file)
    const study = createStudy(
      store,
      expandPlan(plan, (overrides) => read(overrides)),
    )
    const sample: SampleStudy = { seeds: SEEDS, variants: VARIANTS, tasks: TASKS, problems: 12 }
    const { runs } = sampleStudy(sample)
    const members = store.studies.members(study)
    for (const [at, member] of members.entries()) {
      const played = runs.find(({ variant, seed }) => variant === member.variant && seed === member.seed)!
      if (finished || at < members.length - 3) writeMember(store, member, played)
      else if (at === members.length - 3) failMember(store, member)
      else if (at === members.length - 2) store.studies.setCancelled(member, true)
    }
    return study
  } finally {
    close()
  }
}

function writeMember(store: Store, member: Member, { arms, adapters }: ReturnType<typeof sampleStudy>['runs'][number]) {
  const config = store.studies.config(member)
  const run = store.runs.create(config.project.name, 'pipeline', config)
  store.studies.setRun(member, run)
  const stage = (name: string, round: number, seconds: number, result: unknown) => {
    const key = { run, stage: name, round }
    store.stages.start(key)
    store.stages.addSeconds(key, seconds)
    store.stages.end(key, 'done', result)
  }
  stage('sft', 0, 40, { examples: 12, step: 12, steps: 12, stoppedEarly: false })
  stage('collect', 1, 300, { ...NO_PAIRS, episodes: 96, successes: 60, failures: 36, seeds: 24, pairs: 30 })
  stage('dpo', 1, 200, {
    pairs: 30,
    reference: null,
    arms: arms.map(({ name }) => name).filter((name) => name !== 'sft'),
  })
  for (let step = 1; step <= STEPS; step++) {
    const learned = step / STEPS
    const luck = ((member.seed % 3) - 1) / 20
    const beta = member.variant === 'as run 1' ? 1 : 1.6
    store.metrics.add({ run, stage: 'dpo', round: 1, arm: 'dpo' }, step, {
      loss: 0.7 - (learned * beta) / 4 + luck,
      'rewards/margins': learned * beta + luck,
      'logps/chosen': -6 + learned * beta + luck,
      'rewards/accuracies': 0.5 + learned / 3 + luck / 2,
      num_tokens: 400 * step,
      tokens_per_second: member.variant === 'as run 1' ? 1600 : 800,
    })
  }
  for (const { name, episodes } of arms) {
    for (const one of episodes) {
      store.episodes.add(
        { run, stage: 'evaluate', round: 1, arm: name },
        { ...one, instruction: '', duration: 80, steps: [] },
      )
    }
  }
  const count = (own: (typeof arms)[number]['episodes']) => {
    const solved = own.filter(({ outcome }) => outcome === 'success').length
    return { success: solved / own.length, n: own.length, faults: 0, low: 0, high: 1 }
  }
  stage('evaluate', 1, 400, {
    report: '',
    round: 1,
    arms: Object.fromEntries(arms.map(({ name, episodes }) => [name, count(episodes)])),
    adapters,
    facts: {},
  })
  store.runs.setStatus(run, 'done')
}

function failMember(store: Store, member: Member): void {
  const config = store.studies.config(member)
  const run = store.runs.create(config.project.name, 'pipeline', config)
  store.studies.setRun(member, run)
  store.runs.setStatus(run, 'failed')
  const why = message('diskFull', { path: 'data' } as never)
  store.events.add(run, { event: 'end', run, status: 'failed', seconds: 3, error: english(why), messages: [why] })
}
