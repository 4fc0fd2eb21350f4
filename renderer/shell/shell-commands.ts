/** The commands of the palette: views, runs, language, colours, help. */
import type { TFunction } from 'i18next'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Command } from '../../main/commands.ts'
import { lab, useConnection } from '../api.ts'
import { useJob } from '../job.ts'
import { type Round, type RunBrief, useReadOnly, useRounds, useRuns } from '../lab.ts'
import { goTo, usePlace, VIEWS } from '../location.ts'
import { again, resume, start, trainAgain } from '../start.ts'
import { LANGUAGES, type Language, type Scheme, useSettings } from '../state/settings.ts'
import { openPanel, type Command as PaletteCommand, roundToTrain } from './commands.ts'
import { openNewStudy } from './new-study.tsx'
import { tellError } from './notices.tsx'

const COMMANDS: readonly Command[] = ['pipeline', 'verify', 'sft', 'collect', 'dpo', 'evaluate']
const SCHEMES: readonly Scheme[] = ['auto', 'light', 'dark']

export function useShellCommands(): readonly PaletteCommand[] {
  const { t } = useTranslation()
  const job = useJob()
  const busy = job !== null && job.current !== null
  const { lost } = useConnection()
  const readOnly = useReadOnly()
  const stopping = job?.status === 'stopping'
  const runs = useRuns().data
  const place = usePlace()
  const round = roundToTrain(place, useRounds().data ?? [])
  const latest = runs?.[0]
  const unfinished = runs?.find(({ resumable }) => resumable)
  const studied = (runs?.find(({ id }) => String(id) === place.query.run) ?? latest)?.id
  return useMemo(
    () => [
      ...viewCommands(t),
      ...(lost || readOnly ? [] : busy ? [stopCommand(t, stopping)] : runCommands(t, { unfinished, round, latest })),
      modelCommand(t),
      ...(studied === undefined || readOnly ? [] : [studyCommand(t, studied)]),
      ...lookCommands(t),
      ...helpCommands(t),
    ],
    [t, lost, readOnly, busy, stopping, latest, unfinished, round, studied],
  )
}

function viewCommands(t: TFunction): PaletteCommand[] {
  return VIEWS.map((view, at) => ({
    id: `go-${view}`,
    group: 'go',
    label: t('palette.goTo', { view: t(`views.${view}`) }),
    keys: String(at + 1),
    run: () => goTo(view),
  }))
}

function stopCommand(t: TFunction, stopping: boolean): PaletteCommand {
  return {
    id: 'stop',
    group: 'run',
    label: t(stopping ? 'job.stopNow' : 'job.stop'),
    run: () => void (stopping ? lab.job.stopNow : lab.job.stop).mutate().catch(tellError),
  }
}

interface Runnable {
  /** The run that can be resumed. */
  readonly unfinished: RunBrief | undefined
  /** The round that DPO can be trained on again. */
  readonly round: Round | undefined
  readonly latest: RunBrief | undefined
}

/** The commands that start a run. They are offered while no run is in progress. */
function runCommands(t: TFunction, { unfinished, round, latest }: Runnable): PaletteCommand[] {
  const command = (id: string, label: string, begin: () => Promise<boolean>): PaletteCommand => {
    return { id, group: 'run', label, run: () => void begin() }
  }
  return [
    ...(unfinished === undefined
      ? []
      : [command('resume', t('pipeline.resume', { run: unfinished.id }), () => resume(unfinished.id))]),
    ...COMMANDS.map((name) => command(`run-${name}`, labelOf(t, name), () => start(name))),
    ...(round === undefined
      ? []
      : [command('run-retrain', t('palette.train', { run: round.run, round: round.round }), () => trainAgain(round))]),
    ...(latest === undefined ? [] : [command('again', t('palette.again', { run: latest.id }), () => again(latest.id))]),
  ]
}

/** Makes a study from the run that is open, otherwise from the latest one. */
function studyCommand(t: TFunction, run: number): PaletteCommand {
  return { id: 'new-study', group: 'run', label: t('studies.make.title', { run }), run: () => openNewStudy(run) }
}

function modelCommand(t: TFunction): PaletteCommand {
  return { id: 'models', group: 'run', label: t('models.choose'), run: () => openPanel('models') }
}

function lookCommands(t: TFunction): PaletteCommand[] {
  return [
    ...(Object.keys(LANGUAGES) as Language[]).map(
      (language): PaletteCommand => ({
        id: `language-${language}`,
        group: 'look',
        label: t('palette.speak', { language: LANGUAGES[language] }),
        run: () => useSettings.setState({ language }),
      }),
    ),
    ...SCHEMES.map(
      (scheme): PaletteCommand => ({
        id: `scheme-${scheme}`,
        group: 'look',
        label: t('palette.scheme', { scheme: t(`app.scheme.${scheme}`) }),
        run: () => useSettings.setState({ scheme }),
      }),
    ),
  ]
}

function helpCommands(t: TFunction): PaletteCommand[] {
  return [
    { id: 'help', group: 'help', label: t('palette.help'), keys: '?', run: () => openPanel('help') },
    { id: 'tour', group: 'help', label: t('palette.tour'), run: () => openPanel('tour') },
  ]
}

/** The label of a command: "run" and the stage, or the words of the button that does the same. */
function labelOf(t: TFunction, command: Command): string {
  if (command === 'pipeline') return t('pipeline.everything')
  return t('palette.run', { stage: t(`command.${command}`) })
}
