/** `dpo-driver predict`: the agent's answer to one page, which is given as a file. */
import type { Command as Program } from 'commander'
import type { Message } from '../../main/messages/message.ts'
import { type CommandLine, EXIT } from './command.ts'
import { type ConfigOptions, readConfig } from './config.ts'
import { ADAPTER, policyOf } from './policy.ts'

interface PredictOptions extends ConfigOptions {
  readonly page: string
  readonly instruction?: string
  readonly done?: readonly string[]
  readonly adapter?: string
  readonly json?: true
}

const AFTER = `
FILE is an HTML page (.html, .htm), which is opened in a hidden browser without a network, or JSON: the observation of a step
of \`play --json\`, or that whole line. Its instruction and earlier actions are taken unless you give others.

Examples:
  npx dpo-driver predict --page form.html --instruction 'Enter the username "bo" and press Login.'
  npx dpo-driver predict --page page.json --json

Exit codes: 0 the answer is a possible action, 1 it is none or something broke, 2 something you can mend.`

export function addPredict(cli: Program, line: CommandLine): void {
  cli
    .command('predict')
    .description('Ask the agent for its next action on a page that a file has')
    .requiredOption('--page <file>', 'the page')
    .option('--instruction <text>', 'what the agent is to do on the page')
    .option('--done <action...>', 'the earlier actions, oldest first, as the agent wrote them')
    .option('--adapter <folder>', ADAPTER)
    .option('--config_path <file>', 'configuration to use instead of config.yaml')
    .option('--set <key=value...>', 'any other value of the configuration')
    .option('--json', 'print JSON')
    .addHelpText('after', AFTER)
    .action((options: PredictOptions) => predict(options, line))
}

async function predict(options: PredictOptions, { out, err, end }: CommandLine): Promise<void> {
  const config = await readConfig(options)
  const { UserError } = await import('../../main/messages/error.ts')
  const { english } = await import('../../main/messages/say.ts')
  const { message } = await import('../../main/messages/message.ts')
  const { visible } = await import('../../main/messages/visible.ts')
  const { openResources } = await import('../../main/pipeline/resources.ts')
  const { readObservation } = await import('../../main/environment/observation-file.ts')
  const { adapterFolder } = await import('../../main/live/play.ts')
  const { isConstrained } = await import('../../main/pipeline/stages/play.ts')
  const { tellAnswer } = await import('../episode-view.ts')
  const folder = adapterFolder(config, await policyOf(config, options.adapter))
  const warn = (told: Message) => err.write(`${english(told)}\n`)
  const resources = openResources(config, { tell: warn })
  try {
    const { observation, done } = await readObservation(options.page, resources.environment())
    const page = { ...observation, instruction: options.instruction ?? observation.instruction }
    if (page.instruction.trim() === '') throw new UserError('predictNoInstruction')
    const model = await resources.model()
    if (folder !== null) await model.loadAdapter(folder, 'predict', warn)
    const sampling = { max_new_tokens: config.model.max_new_tokens, constrained: isConstrained(config.model) }
    const { failure, count: _, ...answer } = await model.answer(page, options.done ?? done, sampling)
    const why = failure === null ? null : english(message(`failure.${failure}`))
    if (options.json) out.write(`${JSON.stringify({ ...answer, failure: why })}\n`)
    else tellAnswer(answer, (line) => out.write(`${visible(line)}\n`))
    if (why === null) return
    if (!options.json) err.write(`This is no possible action: ${why}.\n`)
    end(EXIT.failed)
  } finally {
    await resources.close()
  }
}
