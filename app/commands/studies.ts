/** `dpo-driver studies`: lists studies, and changes what is left of them to do. */
import type { Command as Program } from 'commander'
import type { Lab } from '../../main/lab.ts'
import { UserError } from '../../main/messages/error.ts'
import { visible } from '../../main/messages/visible.ts'
import type { Member } from '../../main/store/studies.ts'
import { type CommandLine, EXIT_CODES, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'
import { playStudy, tellResult } from './study.ts'

interface StudiesOptions extends ConfigOptions {
  readonly json?: true
}

type Act = (lab: Lab, study: number, numbers: readonly number[], line: CommandLine, json: true | undefined) => unknown

/** What can be done with a study: what, with which further numbers. */
const ACTS: Readonly<Record<string, readonly [what: string, members: string, act: Act]>> = {
  show: ['list the trainings of a study', '', (lab, study, _numbers, line, json) => show(lab, study, json, line)],
  resume: ['go on with a study', '', resume],
  pause: ['stop a study after what it can store now; `resume` goes on', '', pause],
  cancel: [
    'take members out of a study, or all that are not done',
    '[member...]',
    ({ store }, study, members) => each(store, study, members, true),
  ],
  restore: [
    'put cancelled members back',
    '[member...]',
    ({ store }, study, members) => each(store, study, members, false),
  ],
  order: [
    'play these members first, in this order',
    '<member...>',
    ({ store }, study, members) => store.studies.orderMembers(study, members),
  ],
  report: [
    'write the report of what is finished, and print it',
    '',
    (lab, study, _numbers, line, json) => tellResult(lab, study, json, line),
  ],
  delete: ['forget a study; its runs stay', '', ({ store }, study) => store.studies.delete(study)],
}

interface PlanOptions extends StudiesOptions {
  readonly seeds: number
  readonly vary?: readonly string[]
}

export function addStudies(cli: Program, line: CommandLine): void {
  const studies = cli
    .command('studies')
    .description('List studies, and pause, resume, order or cancel what they have to do')
    .option('--config_path <file>', 'configuration that names the store')
    .option('--json', 'print JSON, one study or member per line')
    .addHelpText(
      'after',
      `\nExample:\n  npx dpo-driver studies\n  npx dpo-driver studies cancel 2 5 6\n  npx dpo-driver studies first 4 3\n${EXIT_CODES}`,
    )
    .action((options: StudiesOptions) => withLab(options, (lab) => list(lab, options, line)))
  studies
    .command('plan')
    .description('print the plan of a study that repeats a run, to look through and save')
    .argument('<run>', 'number of the run, as `runs` shows it', whole('<run>'))
    .option('--seeds <n>', 'number of training seeds, from that of the run on', whole('--seeds'), 5)
    .option('--vary <key=values...>', 'values to try, such as training.dpo.beta=0.1,0.3; each is a variant')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText(
      'after',
      '\nExample:\n  npx dpo-driver studies plan 3 --seeds 5 --vary training.dpo.beta=0.05,0.2 > beta.yaml',
    )
    .action((run: number, own: PlanOptions) => {
      const options = { ...studies.opts<StudiesOptions>(), ...own }
      return withLab(options, (lab) => plan(lab, run, options, line))
    })
  studies
    .command('first')
    .description('put these studies at the head of the queue, in this order')
    .argument('<study...>', 'numbers of the studies')
    .option('--config_path <file>', 'configuration that names the store')
    .action((given: readonly string[], own: StudiesOptions) =>
      withLab({ ...studies.opts<StudiesOptions>(), ...own }, ({ store }) => {
        const numbers = given.map(whole('<study>'))
        for (const study of numbers) refuseMissing(store, study)
        store.studies.order(numbers)
      }),
    )
  studies
    .command('work')
    .description('work off all open studies, in the order of the queue')
    .option('--config_path <file>', 'configuration that names the store')
    .option('--json', 'print JSON, one event per line')
    .action((own: StudiesOptions) => {
      const options = { ...studies.opts<StudiesOptions>(), ...own }
      return withLab(options, (lab) => playStudy(lab, null, options, line))
    })
  for (const [name, [what, members, act]] of Object.entries(ACTS)) {
    const command = studies.command(name).description(what).argument('<study>', 'number of the study', whole('<study>'))
    if (members !== '') command.argument(members, 'numbers of members, as `show` lists them')
    command.option('--config_path <file>', 'configuration that names the store').option('--json', 'print JSON')
    command.action((study: number, given: readonly string[] | StudiesOptions, more: StudiesOptions) => {
      const own = (Array.isArray(given) ? more : given) as StudiesOptions
      const numbers = Array.isArray(given) ? given.map(whole('<member>')) : []
      const options = { ...studies.opts<StudiesOptions>(), ...own }
      return withLab(options, async (lab) => {
        refuseMissing(lab.store, study)
        refuseUnknown(lab.store.studies.members(study), numbers, study)
        await act(lab, study, numbers, line, options.json)
      })
    })
  }
}

/** Prints a plan in YAML. It is read once before, so that a wrong key or value is told here. */
async function plan(lab: Lab, run: number, options: PlanOptions, { out }: CommandLine): Promise<void> {
  const { planFromRun } = await import('../../main/study/from-run.ts')
  const { expandPlan } = await import('../../main/study/plan.ts')
  const { openConfig } = await import('../../main/config/config.ts')
  const { stringify } = await import('yaml')
  if (lab.store.runs.find(run) === undefined) throw new UserError('noRun', { run })
  if (options.seeds < 2) throw new UserError('planNeedsSeeds')
  const made = planFromRun(lab.store.runs.get(run), lab.config, { seeds: options.seeds, vary: options.vary ?? [] })
  const read = openConfig(options.config_path)
  expandPlan(made, (overrides) => read(overrides))
  const { config: _, ...written } = made
  out.write(stringify(written))
}

function refuseMissing({ studies }: Lab['store'], study: number): void {
  if (studies.find(study) === undefined) throw new UserError('studyGone', { study })
}

function refuseUnknown(members: readonly Member[], numbers: readonly number[], study: number): void {
  const missing = numbers.find((number) => !members.some(({ member }) => member === number))
  if (missing !== undefined) throw new UserError('studyMemberGone', { study, member: missing })
}

function list({ store }: Lab, { json }: StudiesOptions, { out }: CommandLine): void {
  const studies = store.studies.list()
  if (studies.length === 0 && !json)
    out.write('There are no studies yet; `npx dpo-driver study plan.yaml` makes one.\n')
  for (const { id, name, state, created } of studies) {
    const members = store.studies.members(id)
    const done = members.filter(({ status }) => status === 'done').length
    const cancelled = members.filter((one) => one.cancelled && one.status !== 'done').length
    const date = new Date(created).toISOString()
    const counts = { members: members.length, done, cancelled }
    out.write(
      json
        ? `${JSON.stringify({ id, name, state, created: date, ...counts })}\n`
        : `${String(id).padStart(4)}  ${name}  ${state.padEnd(9)}  ${done} of ${members.length - cancelled} done  ${date}\n`,
    )
  }
}

async function show({ store }: Lab, study: number, json: true | undefined, { out }: CommandLine): Promise<void> {
  const { memberState } = await import('../../main/study/work.ts')
  const { runAtWork } = await import('../../main/study/at-work.ts')
  for (const member of store.studies.members(study)) {
    const state = memberState(member, runAtWork(store, member))
    const { member: number, variant, seed, run } = member
    out.write(
      json
        ? `${JSON.stringify({ study, member: number, variant, seed, run, state })}\n`
        : `${String(number).padStart(4)}  ${state.padEnd(11)}  ${run === null ? '       ' : `run ${run}`.padEnd(7)}  seed ${seed}  ${visible(variant)}\n`,
    )
  }
}

async function resume(lab: Lab, study: number, _: readonly number[], line: CommandLine, json: true | undefined) {
  lab.store.studies.setState(study, 'open')
  await playStudy(lab, study, json === undefined ? {} : { json }, line)
}

function pause({ store }: Lab, study: number): void {
  store.studies.setState(study, 'paused')
}

/** Cancels members or puts them back; without numbers all that are not done. */
function each({ studies }: Lab['store'], study: number, numbers: readonly number[], cancelled: boolean): void {
  for (const { member, status } of studies.members(study)) {
    const isMeant = numbers.length === 0 ? status !== 'done' : numbers.includes(member)
    if (isMeant) studies.setCancelled({ study, member }, cancelled)
  }
}
