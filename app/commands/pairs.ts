/** `dpo-driver pairs`: imports pairs from a file into the store. */
import { resolve } from 'node:path'
import type { Command as Program } from 'commander'
import { projectPath } from '../../main/files/paths.ts'
import type { Lab } from '../../main/lab.ts'
import { cutShort } from '../../main/messages/cut.ts'
import { UserError } from '../../main/messages/error.ts'
import { message } from '../../main/messages/message.ts'
import { english } from '../../main/messages/say.ts'
import type { RoundKey } from '../../main/store/keys.ts'
import { example, type Terminal, whole } from './command.ts'
import { type ConfigOptions, withLab } from './config.ts'

interface ImportOptions extends ConfigOptions {
  readonly run?: number
  readonly round?: number
  readonly replace?: true
}

export function addPairs(cli: Program, terminal: Terminal): void {
  cli
    .command('pairs')
    .description('Work with the preference pairs in the store')
    .command('import')
    .description('Import pairs from a file into the store, and print each change')
    .argument('<file>', "pairs in TRL's preference form, such as an export of the lab")
    .option(
      '--run <n>',
      'the run to import into; by default the one that the file was exported from, or the latest',
      whole('--run'),
    )
    .option('--round <n>', 'the round to import into; by default the latest', whole('--round'))
    .option('--replace', 'make the round equal to the file: drop the pairs that the file lacks')
    .option('--config_path <file>', 'configuration that names the store')
    .addHelpText('after', example('npx dpo-driver pairs import corrected.jsonl --replace'))
    .action((file: string, options: ImportOptions) =>
      withLab(options, (lab) => importFile(lab, file, options, terminal)),
    )
}

/**
 * Imports a file and prints each change. The pairs go into the round that the file was exported from, else into the
 * latest round with pairs; `run` and `round` name another. Throws UserError where nothing can be imported.
 */
async function importFile(
  lab: Lab,
  file: string,
  { replace, ...wanted }: ImportOptions,
  { out }: Terminal,
): Promise<void> {
  const { importPreferences, readPreferenceFile } = await import('../../main/preferences/file.ts')
  const { config, store } = lab
  const there = readPreferenceFile(store, resolve(file))
  if (there === undefined) throw new UserError('importMissing', { file })
  const isWanted = ({ run, round }: RoundKey) => run === (wanted.run ?? run) && round === (wanted.round ?? round)
  const exported = there.known?.isHidden === false && isWanted(there.known) ? there.known : undefined
  const known = exported ?? store.pairs.rounds().find(isWanted)
  if (known === undefined) throw noRound(wanted)
  const { run, round } = known
  const { told, ...counts } = await importPreferences(
    store,
    { run, round },
    {
      text: there.text,
      file,
      replace: replace ?? false,
      path: projectPath(config.paths.preference_data),
    },
  )
  const sum =
    counts.added + counts.changed + counts.dropped === 0
      ? message('pairsImportedNothing', { file, run, round })
      : message('pairsImported', { file, ...counts, run, round })
  for (const one of [...cutShort(told), sum]) out.write(`${english(one)}\n`)
}

/** The error for a round that has no pairs. */
function noRound({ run, round }: Partial<RoundKey>): UserError {
  if (run === undefined && round === undefined) return new UserError('noRoundToImport')
  const names = [...(run === undefined ? [] : [`--run ${run}`]), ...(round === undefined ? [] : [`--round ${round}`])]
  return new UserError('noSuchRoundToImport', { names: names.join(' ') })
}
