/** The lab on the command line. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Argument, CommanderError, Command as Program } from 'commander'
import type { MemoryQuestion } from '../main/capacity/estimate.ts'
import type { LeastPlan } from '../main/capacity/forecast.ts'
import { loadConfig, parseOverride } from '../main/config/config.ts'
import type { Config } from '../main/config/schema.ts'
import { EXPORTS, type ExportKind, exportRun, latestWith } from '../main/exports/lines.ts'
import { writeFileAtomic } from '../main/files/file.ts'
import { projectPath, shownPath } from '../main/files/paths.ts'
import { VERSION } from '../main/files/version.ts'
import type { Command } from '../main/lab.ts'
import { errorText, UserError } from '../main/messages/error.ts'
import type { ImportOptions } from './commands/pairs.ts'
import { stopOnSignals } from './stop.ts'
import { duration, jsonView, type Screen, terminalView } from './terminal.ts'

/** Exit codes, as --help says them. */
const EXIT = { done: 0, failed: 1, badInput: 2, stopped: 130 } as const

/** Where a command writes. */
export interface Terminal {
  readonly out: Screen
  readonly err: Screen
}

interface Options {
  readonly config_path?: string
  readonly tasks?: readonly string[]
  readonly seed?: number
  readonly rounds?: number
  readonly miniwob?: string
  readonly set?: readonly string[]
  readonly resume?: true
  readonly run?: number
  readonly round?: number
  readonly json?: true
  readonly prompt?: number
  readonly completion?: number
  readonly time?: true
  readonly adapter?: string
}

interface ServeOptions {
  readonly port?: string
  readonly host: string
  readonly open?: true
  readonly config_path?: string
  readonly set?: readonly string[]
}

interface MlflowOptions extends Pick<Options, 'config_path' | 'set'> {
  readonly port: string
}

const EXIT_CODES = `
Exit codes: 0 done, 1 a stage failed, 2 bad input (the sentence says what and where), 130 stopped (go on with --resume).`

const COMMANDS: readonly { name: Command; what: string; example: string }[] = [
  { name: 'verify', what: 'Look whether everything the lab needs is there', example: 'npx dpo-driver verify --json' },
  {
    name: 'golden',
    what: 'Record golden samples with the scripted experts',
    example: 'npx dpo-driver golden --tasks click-button login-user',
  },
  {
    name: 'sft',
    what: 'Train the SFT adapter on golden samples',
    example: 'npx dpo-driver sft --config_path my.yaml --seed 7',
  },
  {
    name: 'collect',
    what: 'Let the SFT agent try tasks, and build preference pairs',
    example: 'npx dpo-driver collect --tasks click-tab',
  },
  {
    name: 'dpo',
    what: 'Train the DPO adapter, and the controls, on what was collected',
    example: 'npx dpo-driver dpo --set training.dpo.beta=0.2',
  },
  {
    name: 'evaluate',
    what: 'Compare the adapters on tasks they have not seen, and write the report',
    example: 'npx dpo-driver evaluate',
  },
  {
    name: 'retrain',
    what: 'Train DPO again on pairs that were corrected by hand, and evaluate it beside what it was before',
    example: 'npx dpo-driver retrain --run 3 --round 1',
  },
  { name: 'pipeline', what: 'Do all of it, from verify to the report', example: 'npx dpo-driver pipeline --rounds 3' },
]

/** Reads what an option takes. Throws UserError for what is no whole number. */
function whole(option: string): (text: string) => number {
  return (text) => {
    if (/^-?\d+$/.test(text)) return Number(text)
    throw new UserError(`${option} must be a whole number, but is ${JSON.stringify(text)}.`)
  }
}

/** The program; `done` is told the exit code of what its actions did. */
function program(terminal: Terminal, done: (code: number) => void): Program {
  const cli = new Program('dpo-driver')
    .description(
      'A lab for environment-feedback DPO: a web agent learns from the success or failure of its own attempts.',
    )
    .version(VERSION)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) })
    .showSuggestionAfterError()
  for (const { name, what, example } of COMMANDS) {
    const command = cli
      .command(name)
      .description(what)
      .option('--config_path <file>', 'configuration to use instead of config.yaml')
      .option('--seed <n>', 'seed of training and sampling', whole('--seed'))
      .option('--miniwob <dir>', 'folder or clone with the MiniWoB++ pages')
      .option('--set <key=value...>', 'any other value of the configuration, such as training.dpo.beta=0.2')
      .option('--resume', 'go on with the latest unfinished run of this command')
      .option('--json', 'print JSON, one event a line')
    // Trained again is what was collected, on the same tasks.
    if (name !== 'retrain') {
      command.option(
        '--tasks <name...>',
        'tasks to learn and to evaluate, by their MiniWoB++ names, with spaces or commas between them',
      )
    }
    if (name === 'pipeline') command.option('--rounds <n>', 'rounds of collecting and DPO', whole('--rounds'))
    if (name === 'retrain') {
      command.option('--run <n>', 'the run that collected the pairs; the latest by default', whole('--run'))
      command.option('--round <n>', 'its round; the latest by default', whole('--round'))
    }
    command.addHelpText('after', `\nExample:\n  ${example}\n${EXIT_CODES}`)
    command.action(async (options: Options) => done(await runCommand(name, options, terminal)))
  }
  cli
    .command('runs')
    .description('List the runs, the latest first')
    .option('--config_path <file>', 'configuration that names the store')
    .option('--json', 'print JSON, one run a line')
    .addHelpText('after', `\nExample:\n  npx dpo-driver runs\n${EXIT_CODES}`)
    .action((options: Options) => listRuns(options, terminal))
  cli
    .command('delete')
    .description('Forget runs with all that they found, and remove their folders; this cannot be undone')
    .argument('<run...>', 'numbers of runs, as `dpo-driver runs` lists them')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', `\nExample:\n  npx dpo-driver delete 3 4\n${EXIT_CODES}`)
    .action((runs: string[], options: Options) => deleteRuns(runs.map(whole('run')), options, terminal))
  cli
    .command('estimate')
    .description(
      'Say how much memory a DPO step and generating will take at their peaks, by part, before anything is loaded',
    )
    .option('--prompt <tokens>', 'length of the prompts', Number, 512)
    .option('--completion <tokens>', 'length of each answer', Number, 64)
    .option('--time', "also say about how long everything takes, from a few seconds' work of this machine")
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration, such as model.precision=nf4')
    .option('--json', 'print JSON, in bytes')
    .addHelpText(
      'after',
      `\nExample:\n  npx dpo-driver estimate --set model.base_model_name=Qwen/Qwen2-7B-Instruct model.precision=nf4 lora.r=16 training.dpo.batch_size=1\n${EXIT_CODES}`,
    )
    .action((options: Options) => estimate(options, terminal))
  cli
    .command('merge')
    .description('Write the base model with an adapter in it as one checkpoint that needs no PEFT')
    .argument('<folder>', 'where to')
    .option('--adapter <folder>', 'the adapter; paths.dpo_adapter_path by default')
    .option('--config_path <file>', 'configuration that names base model and adapter')
    .option('--set <key=value...>', 'any other value of the configuration')
    .addHelpText('after', `\nExample:\n  npx dpo-driver merge models/merged\n${EXIT_CODES}`)
    .action(async (folder: string, options: Options) => done(await merge(folder, options, terminal)))
  const whats = Object.entries(EXPORTS).map(([kind, text]) => `  ${kind.padEnd(11)} ${text}`)
  cli
    .command('export')
    .description('Write what a run found to a file for other tools')
    .addArgument(new Argument('<what>', 'what to write').choices(Object.keys(EXPORTS)))
    .argument('<file>', 'where to; - for the standard output')
    .option('--run <n>', 'the run, as `runs` lists them; by default the latest that has this', whole('--run'))
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText(
      'after',
      `\nWhat:\n${whats.join('\n')}\n\nExample:\n  npx dpo-driver export kto kto.jsonl\n${EXIT_CODES}`,
    )
    .action((what: ExportKind, file: string, options: Options) => writeExport(what, file, options, terminal))
  cli
    .command('pairs')
    .description('Preference pairs in the store')
    .command('import')
    .description('Take pairs that were edited elsewhere into the store, and say what that changes')
    .argument('<file>', "pairs in TRL's preference form, such as an export of the lab")
    .option(
      '--run <n>',
      'the run whose pairs they are; the one that the file was exported from, or the latest',
      whole('--run'),
    )
    .option('--round <n>', 'its round; the latest by default', whole('--round'))
    .option('--replace', 'drop the pairs that the file lacks, and keep all that it has')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', `\nExample:\n  npx dpo-driver pairs import corrected.jsonl --replace\n${EXIT_CODES}`)
    .action((file: string, options: Options & ImportOptions) => importPairs(file, options, terminal))
  cli
    .command('mlflow')
    .description("Open MLflow's page over the recorded runs, where MLflow is installed")
    .option('--port <n>', 'port of the page', '5000')
    .option('--config_path <file>', 'configuration that says where runs are recorded')
    .option('--set <key=value...>', 'any other value of the configuration, such as tracking.uri=file:./mlruns')
    .addHelpText('after', `\nExample:\n  npx dpo-driver mlflow --port 5001\n${EXIT_CODES}`)
    .action((options: MlflowOptions) => mlflow(options, terminal))
  cli
    .command('serve')
    .description('Serve the lab to a browser: its window, with everything that the commands do')
    .option('--port <n>', 'port to listen at; any that is free by default')
    .option('--host <address>', 'address to listen at; others than 127.0.0.1 are reached from the network', '127.0.0.1')
    .option('--open', "open it in this machine's browser, where there is one")
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'a value that wins over the file, such as paths.store=data/other.sqlite')
    .addHelpText(
      'after',
      `\nExample, on a machine without a screen, and then on yours:\n  npx dpo-driver serve --port 8080\n  ssh -L 8080:127.0.0.1:8080 that-machine\n${EXIT_CODES}`,
    )
    .action(async (options: ServeOptions) => done(await serve(options, terminal)))
  return cli
}

/** The configuration with what the command line says on top. */
function configFor(options: Options) {
  const overrides = Object.fromEntries((options.set ?? []).map(parseOverride))
  if (options.tasks !== undefined) {
    overrides.tasks = options.tasks.flatMap((names) => names.split(',')).filter((name) => name !== '')
    overrides['evaluation.tasks'] = null
  }
  if (options.seed !== undefined) overrides['project.seed'] = options.seed
  if (options.rounds !== undefined) overrides['flywheel.rounds'] = options.rounds
  if (options.miniwob !== undefined) overrides['environment.miniwob'] = options.miniwob
  return loadConfig(options.config_path, overrides)
}

/** Loads the lab only when it is needed: --help should not wait for the model's and the browser's libraries. */
async function openLab(options: Options) {
  const config = configFor(options)
  const { createLab } = await import('../main/lab.ts')
  return createLab(config)
}

async function runCommand(name: Command, options: Options, { out, err }: Terminal): Promise<number> {
  const lab = await openLab(options)
  const stop = stopOnSignals(() => err.write('\nStopping ... (once more to quit at once)\n'))
  const emit = options.json ? jsonView(out) : terminalView(out)
  try {
    const resume = options.resume ? 'latest' : null
    const { run, round } = options
    const collection = { ...(run !== undefined && { run }), ...(round !== undefined && { round }) }
    const { folder } = await lab.run(name, lab.config, { resume, collection, signal: stop.signal, emit })
    if (!options.json && existsSync(folder)) out.write(`Everything of this run: ${shownPath(folder)}\n`)
    return EXIT.done
  } catch (error) {
    if (!stop.signal.aborted) throw error
    if (error !== stop.signal.reason) err.write(`${errorText(error)}\n`)
    err.write(`Stopped. To go on: npx dpo-driver ${resumed(process.argv.slice(2)).join(' ')}\n`)
    return EXIT.stopped
  } finally {
    stop.release()
    lab.close()
  }
}

async function serve({ port, host, open, config_path, set }: ServeOptions, { out, err }: Terminal): Promise<number> {
  const { openBrowser, portOf, serveLab } = await import('./web.ts')
  const { isLoopback } = await import('../main/rpc/guard.ts')
  const { Settings } = await import('../main/config/settings.ts')
  const settings = new Settings(config_path, Object.fromEntries((set ?? []).map(parseOverride)))
  const web = await serveLab({ settings, host, ...(port === undefined ? {} : { port: portOf(port) }) })
  const stop = stopOnSignals(() => err.write('\nStopping ... (once more to quit at once)\n'))
  out.write(`The lab is at ${web.url}\nWhoever has this address can do everything in it. Ctrl-C ends it.\n`)
  if (!isLoopback(host)) {
    err.write('Others in the network can reach it, and read what is sent; an SSH tunnel to 127.0.0.1 is safer.\n')
  }
  if (open) await openBrowser(web.url)
  await new Promise((ended) => stop.signal.addEventListener('abort', ended))
  await web.close()
  stop.release()
  return EXIT.done
}

async function mlflow({ port, ...options }: MlflowOptions, { out, err }: Terminal): Promise<void> {
  const { openMlflow } = await import('./mlflow.ts')
  const { portOf } = await import('./web.ts')
  const stop = stopOnSignals(() => err.write('\nStopping ...\n'))
  try {
    const say = (line: string) => out.write(`${line}\n`)
    await openMlflow(configFor(options), { say, port: portOf(port), signal: stop.signal })
  } finally {
    stop.release()
  }
}

/** The same command line, to go on with. */
function resumed(args: readonly string[]): readonly string[] {
  return args.includes('--resume') ? args : [...args, '--resume']
}

async function listRuns(options: Options, { out }: Terminal): Promise<void> {
  const lab = await openLab(options)
  const runs = lab.store.runs.list()
  const stages = lab.store.stages.byRun()
  if (runs.length === 0 && !options.json) out.write('There are no runs yet; `npm run pipeline` makes the first.\n')
  for (const run of runs) {
    const seconds = (stages.get(run.id) ?? []).reduce((sum, stage) => sum + stage.seconds, 0)
    const { id, name, command, status } = run
    const started = new Date(run.started).toISOString()
    const line = options.json
      ? JSON.stringify({ id, name, command, status, started, seconds })
      : `${String(id).padStart(4)}  ${name}  ${String(command).padEnd(8)}  ${status.padEnd(7)}  ${started}  ${duration(seconds)}`
    out.write(`${line}\n`)
  }
  lab.close()
}

async function deleteRuns(runs: readonly number[], options: Options, { out }: Terminal): Promise<void> {
  const lab = await openLab(options)
  try {
    for (const run of runs) {
      lab.forget(run)
      out.write(`Run ${run} is deleted.\n`)
    }
  } finally {
    lab.close()
  }
}

async function writeExport(what: ExportKind, file: string, options: Options, { out, err }: Terminal): Promise<void> {
  const lab = await openLab(options)
  try {
    const run = options.run ?? latestWith(lab.store, what)
    if (run === undefined || lab.store.runs.find(run) === undefined) {
      throw new UserError(
        run === undefined
          ? `There are no ${what} to export yet; \`npm run pipeline\` makes some.`
          : `There is no run ${run}; \`npx dpo-driver runs\` lists them.`,
      )
    }
    const write = (text: string) => (file === '-' ? out.write(text) : writeFileAtomic(resolve(file), text))
    const lines = exportRun(lab.store, run, what, write)
    const screen = file === '-' ? err : out
    screen.write(
      `${lines} ${lines === 1 ? 'line' : 'lines'} of run ${run} in ${file === '-' ? 'the standard output' : file}\n`,
    )
  } finally {
    lab.close()
  }
}

async function importPairs(file: string, options: Options & ImportOptions, { out }: Terminal): Promise<void> {
  const { importFile } = await import('./commands/pairs.ts')
  const lab = await openLab(options)
  try {
    importFile(lab, file, options, out)
  } finally {
    lab.close()
  }
}

async function estimate(options: Options, { out }: Terminal): Promise<void> {
  const { engineOf } = await import('../main/engine/load.ts')
  const { gb } = await import('../main/capacity/gigabytes.ts')
  const { planLeast } = await import('../main/capacity/forecast.ts')
  const { planMemory } = await import('../main/capacity/memory.ts')
  const [prompt, completion] = [tokenCount('prompt', options.prompt), tokenCount('completion', options.completion)]
  const config = configFor(options)
  if (engineOf(config.model.engine) !== 'native')
    return estimateLeast(planLeast(config, prompt, completion), config, options, out)
  const { question, estimate, generation, free } = planMemory(config, prompt, completion)
  const measured = options.time === undefined ? undefined : await measureStages(config, question, prompt, completion)
  if (options.json) {
    out.write(`${JSON.stringify({ ...estimate, generation, free, question, ...measured })}\n`)
    return
  }
  const { precision, headPrecision, gradientCheckpointing, lora, tokens } = question
  const held = precision === 'fp32' ? 'fp32' : `${precision} (embedding and head ${headPrecision})`
  const kept = gradientCheckpointing ? 'made again in backward' : 'kept'
  out.write(`${config.model.base_model_name} in ${held}, LoRA of rank ${lora?.r}, activations ${kept}\n`)
  out.write(`DPO on ${pairsAtATime(config.training.dpo.batch_size)}, ${tokens} tokens\n`)
  const list = (parts: object) => {
    for (const [part, bytes] of Object.entries(parts)) out.write(partLine(part, gb(bytes)))
  }
  const { saving, ...parts } = estimate
  list(parts)
  out.write(`${gb(saving)} more for a moment where a checkpoint is saved.\n`)
  out.write(`Collecting and evaluating with ${config.environment.pages} pages at a time, when many were read\n`)
  list(generation)
  const room = Math.max(estimate.total + saving, generation.total) <= free ? 'enough' : 'not enough'
  out.write(`${gb(free)} can be had on this machine now: ${room}.\n`)
  if (measured !== undefined) tellTimes(config, measured, out)
}

type Measured = Awaited<ReturnType<typeof measureStages>>

/** How long this machine takes, as busy as it is now. */
async function measureStages(config: Config, question: MemoryQuestion, prompt: number, completion: number) {
  const { measureSpeed } = await import('../main/capacity/speed.ts')
  const { stageTimes } = await import('../main/capacity/duration.ts')
  const { pages } = config.environment
  const { config: shape } = question
  const speed = await measureSpeed({ config: shape, holding: question, lora: config.lora, prompt, completion, pages })
  return { speed, times: stageTimes(config, speed) }
}

function tellTimes(config: Config, { speed, times }: Measured, out: Screen): void {
  const { sft, dpo } = config.training
  out.write(
    `As busy as this machine is now, and as one layer with random weights runs on it: about ${duration(speed.pair)} a pair ` +
      `(${duration(speed.reference)} of the reference besides), ${duration(speed.answer)} an answer.\n`,
  )
  const lines = [
    ['sft', times.sft, `${sft.max_steps} steps at the most`],
    ['collect', times.collect, `${times.attempts} attempts, if each takes three answers`],
    [
      'dpo',
      times.dpo,
      `${dpo.max_steps} steps of ${duration(times.step)} a round${config.evaluation.controls ? ', and three controls' : ''}`,
    ],
    ['evaluate', times.evaluate, 'every policy, if each episode takes three answers'],
  ] as const
  for (const [stage, seconds, what] of lines) out.write(`${partLine(stage, duration(seconds)).trimEnd()}  ${what}\n`)
}

/** `estimate` for TensorFlow.js, of which less is known. */
async function estimateLeast(plan: LeastPlan, config: Config, options: Options, out: Screen): Promise<void> {
  const { gb } = await import('../main/capacity/gigabytes.ts')
  const { engine, estimate, free, native } = plan
  const card = engine === 'tfjs-node-gpu' ? await (await import('../main/capacity/card.ts')).findCard() : null
  if (options.json) {
    out.write(`${JSON.stringify({ ...estimate, engine, least: true, free, card, native: native.total })}\n`)
    return
  }
  out.write(
    `${config.model.base_model_name} on ${engine}, which holds everything in fp32: training takes at the least\n`,
  )
  for (const [part, bytes] of Object.entries(estimate)) out.write(partLine(part, gb(bytes)))
  out.write('Activations and logits come besides, and how much they take at a time is not known before.\n')
  if (engine === 'tfjs-node-gpu') {
    const found = card === null ? 'nvidia-smi names no card here' : `${card.name} has ${gb(card.memory)}`
    out.write(`tfjs-node-gpu computes in the memory of an NVIDIA card: ${found}.\n`)
  }
  const room = estimate.total <= Math.min(free, card?.memory ?? free) ? '' : ': not enough'
  out.write(`${gb(free)} of memory can be had on this machine now${room}.\n`)
  out.write(`The native engine takes about ${gb(native.total)} for a DPO step with NF4 weights: model.engine=native.\n`)
}

function partLine(part: string, size: string): string {
  return `  ${part.padEnd(12)} ${size.padStart(10)}\n`
}

/** "1 pair at a time", "16 pairs at a time". */
function pairsAtATime(count: number): string {
  return `${count} ${count === 1 ? 'pair' : 'pairs'} at a time`
}

function tokenCount(name: string, count: number | undefined): number {
  if (count !== undefined && Number.isInteger(count) && count > 0) return count
  throw new UserError(`--${name} must be a whole number of tokens above 0.`)
}

async function merge(folder: string, options: Options, { out, err }: Terminal): Promise<number> {
  const { findModel } = await import('../main/engine/load.ts')
  const { mergeAdapter } = await import('../main/adapters/merge.ts')
  const config = configFor(options)
  const base = await findModel(config.model.base_model_name)
  const adapter = options.adapter === undefined ? projectPath(config.paths.dpo_adapter_path) : resolve(options.adapter)
  let told = 0
  const stop = stopOnSignals(() => err.write('\nStopping ...\n'))
  try {
    await mergeAdapter(base, adapter, resolve(folder), {
      signal: stop.signal,
      onProgress(done, total) {
        const tenths = Math.floor((10 * done) / total)
        if (tenths > told) err.write(`Merging: ${10 * tenths}%\n`)
        told = tenths
      },
    })
  } catch (error) {
    if (!stop.signal.aborted) throw error
    err.write('Stopped; nothing was written.\n')
    return EXIT.stopped
  } finally {
    stop.release()
  }
  out.write(`${shownPath(base)} with ${shownPath(adapter)} is in ${folder}\n`)
  return EXIT.done
}

/** Does what a command line says and returns the exit code. */
export async function dpoDriver(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.done
  try {
    await program(terminal, (result) => {
      code = result
    }).parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    // commander has printed its own: help and version are fine, anything else is a wrong command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput
    terminal.err.write(`${errorText(error)}\n`)
    return error instanceof UserError ? EXIT.badInput : EXIT.failed
  }
}

if (import.meta.main) {
  // A reader that has seen enough (| head) does not end the run.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.exitCode = await dpoDriver(process.argv.slice(2), { out: process.stdout, err: process.stderr })
}
