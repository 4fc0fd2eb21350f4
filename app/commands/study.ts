/** `dpo-driver study plan.yaml`: plans a study, tells what it takes, and works it off. */
import type { Command as Program } from 'commander'
import type { Config } from '../../main/config/schema.ts'
import { shownPath } from '../../main/files/paths.ts'
import type { Lab } from '../../main/lab.ts'
import { errorText, UserError } from '../../main/messages/error.ts'
import { visible } from '../../main/messages/visible.ts'
import type { LabEvent } from '../../main/pipeline/events.ts'
import type { Member } from '../../main/store/studies.ts'
import type { Expected } from '../../main/study/expected.ts'
import type { StudyForecast } from '../../main/study/forecast.ts'
import type { ReadPlan } from '../../main/study/plan.ts'
import type { StudyEvent } from '../../main/study/work.ts'
import { stopOnSignals } from '../stop.ts'
import { duration, terminalView } from '../terminal.ts'
import { type CommandLine, EXIT, example } from './command.ts'

interface StudyOptions {
  readonly config_path?: string
  readonly resume?: true
  readonly estimate?: true
  readonly json?: true
}

export function addStudy(cli: Program, line: CommandLine): void {
  cli
    .command('study')
    .description('Train with several seeds and variants of the settings, and compare them')
    .argument('<plan>', 'YAML file with seeds and variants; docs/METHOD.md shows one')
    .option('--config_path <file>', 'configuration to begin with instead of config.yaml, where the plan names none')
    .option('--resume', 'continue the study of this name, also with more seeds or variants than before')
    .option('--estimate', 'tell time, disk and power, and end')
    .option('--json', 'print JSON, one event per line')
    .addHelpText('after', example('npx dpo-driver study beta.yaml'))
    .action((plan: string, options: StudyOptions) => study(plan, options, line))
}

async function study(path: string, options: StudyOptions, line: CommandLine): Promise<void> {
  const { readPlan } = await import('../../main/study/plan.ts')
  const read = readPlan(path, options.config_path)
  const config = [...read.variants.values()][0]!
  const { createLab } = await import('../../main/lab.ts')
  const lab = createLab(config)
  try {
    if (options.estimate) await tellForecast(lab, read, options, line)
    else await begin(lab, read, options, line)
  } finally {
    lab.close()
  }
}

/** Tells what a study takes, without storing it. */
async function tellForecast({ store }: Lab, read: ReadPlan, { json }: StudyOptions, line: CommandLine): Promise<void> {
  const { forecastStudy } = await import('../../main/study/forecast.ts')
  const { plannedMembers } = await import('../../main/study/studies.ts')
  const { expectedOf } = await import('../../main/study/expected.ts')
  const members = plannedMembers(read, '')
  const forecast = await forecastStudy(store, members)
  const expected = expectedOf(read.seeds.length, read.variants.size, members[0]!.config)
  if (json)
    line.out.write(`${JSON.stringify({ event: 'forecast', members: members.length, ...forecast, ...expected })}\n`)
  else tell(forecast, expected, members.length, read, line)
}

function tell(
  { seconds, alone, source, bytes, free }: StudyForecast,
  { design, detectable, needed }: Expected,
  members: number,
  { seeds, variants, plan }: ReadPlan,
  { out }: CommandLine,
): void {
  out.write(
    `Study ${plan.name}: ${seeds.length} training seeds, ${count(variants.size, 'variant')}, ${count(members, 'training')}\n`,
  )
  if (seconds === null) out.write('  Time is not known before the first run of this model.\n')
  else {
    const from = typeof source === 'number' ? `by the times of run ${source}` : 'by a measurement of this machine now'
    const saved = alone === null || alone - seconds < 1 ? '' : `; ${duration(alone)} if nothing were shared`
    out.write(`  time   ${duration(seconds)} at most, ${from}${saved}\n`)
  }
  out.write(`  disk   ${gigabytes(bytes)}; ${gigabytes(free)} are free\n`)
  out.write(
    `  power  finds ${detectable === null ? 'no difference' : `differences from ${(100 * detectable).toFixed(1)} points on in four of five cases`}, ` +
      `with ${design.problems} problems, if two arms end differently in 12 of 100 episodes\n`,
  )
  const list = needed.map(({ difference, seeds: own }) => `${100 * difference} points ${own ?? 'over 1000'}`)
  out.write(`         seeds that it takes: ${list.join(', ')}\n`)
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`
}

/** Stores the study, or finds the one to resume, and works it off. */
async function begin(lab: Lab, read: ReadPlan, options: StudyOptions, line: CommandLine): Promise<void> {
  const { createStudy, extendStudy, studyNamed } = await import('../../main/study/studies.ts')
  const { store } = lab
  const { name } = read.plan
  const known = studyNamed(store, name)
  if (known === undefined && options.resume) throw new UserError('studyNone', { name })
  if (known !== undefined && !options.resume) throw new UserError('studyExists', { name, study: known.id })
  await tellForecast(lab, read, options, line)
  const id = known?.id ?? createStudy(store, read)
  if (known !== undefined) {
    extendStudy(store, known, read)
    store.studies.setState(id, 'open')
  }
  await playStudy(lab, id, options, line)
}

/**
 * Works a study off, or with null all open ones in the order of the queue, and writes the reports. Ends with the exit code of
 * a stopped command where somebody stopped it.
 */
export async function playStudy(
  lab: Lab,
  id: number | null,
  { json }: Pick<StudyOptions, 'json'>,
  line: CommandLine,
): Promise<void> {
  const { workOff } = await import('../../main/study/work.ts')
  const { store } = lab
  const { out, err } = line
  const goOn = id === null ? 'studies work' : `studies resume ${id}`
  const stop = stopOnSignals(() => err.write('\nStopping. Press Ctrl-C again to quit at once.\n'))
  const view = terminalView(out)
  // Of those that were finished before, a kill can have come before the report.
  const reported = new Set(
    id === null ? store.studies.list().flatMap((one) => (one.state === 'open' ? [one.id] : [])) : [id],
  )
  let at = id
  let isPlayed = false
  const print = (event: LabEvent | StudyEvent) => {
    if (event.event === 'member') {
      at = event.member.study
      isPlayed = true
      reported.add(at)
    }
    if (json) out.write(`${JSON.stringify({ study: at, ...event })}\n`)
    else if (event.event === 'member') out.write(`\n${memberLine(event)}\n`)
    else if (event.event === 'memberFailed') out.write(`  Failed: ${visible(event.error ?? '')}\n`)
    else view(event)
  }
  try {
    const { failed, state } = await workOff({
      store,
      study: id,
      signal: stop.signal,
      emit: print,
      play: (member, signal) => playMember(lab, member, signal, print),
    })
    if (state !== 'open' && !json) out.write(`Study ${id} is ${state}. To go on: npx dpo-driver ${goOn}\n`)
    if (!isPlayed) await lab.tidyUp()
    for (const study of reported) await tellResult(lab, study, json, line)
    if (failed > 0) line.end(EXIT.failed)
    if (state !== 'open') line.end(EXIT.stopped)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    if (error !== stop.signal.reason) err.write(`${visible(errorText(error))}\n`)
    err.write(`Stopped. To continue: npx dpo-driver ${goOn}\n`)
    line.end(EXIT.stopped)
  } finally {
    stop.release()
  }
}

function memberLine({ member, place, of }: Extract<StudyEvent, { event: 'member' }>): string {
  return `Training ${place} of ${of} of study ${member.study}: ${visible(member.variant)}, seed ${member.seed}`
}

async function playMember(
  lab: Lab,
  member: Member,
  signal: AbortSignal,
  emit: (event: LabEvent) => void,
): Promise<void> {
  const config: Config = lab.store.studies.config(member)
  await lab.run('pipeline', config, { resume: member.run, member, signal, emit })
}

/** Writes the report of a study and tells what it says. Says so where nothing is finished. */
export async function tellResult(
  { store }: Lab,
  id: number,
  json: true | undefined,
  { out }: CommandLine,
): Promise<void> {
  const { reportStudy, studyData } = await import('../../main/study/result.ts')
  if (studyData(store, id).runs.length === 0) {
    if (!json) out.write(`${new UserError('studyNothingDone', { study: id }).message}\n`)
    return
  }
  const { studyText } = await import('../../main/evaluation/study/terminal.ts')
  const { folder, summary } = reportStudy(store, id)
  if (json) out.write(`${JSON.stringify({ study: id, event: 'result', folder, summary })}\n`)
  else out.write(`\n${studyText(summary)}\n\nReport: ${shownPath(folder)}/study.html\n`)
}
