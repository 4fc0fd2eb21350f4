/** The commands of the palette: views, runs, language, colours, help. */
import type { TFunction } from 'i18next'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Command } from '../../main/lab.ts'
import { lab } from '../api.ts'
import { useJob } from '../job.ts'
import { isUnfinished, useRounds, useRuns } from '../lab.ts'
import { goTo, usePlace, VIEWS } from '../location.ts'
import { again, resume, start, trainAgain } from '../start.ts'
import { LANGUAGES, type Language, type Scheme, useSettings } from '../state/settings.ts'
import { openPanel, type Command as PaletteCommand, roundToTrain } from './commands.ts'
import { tellError } from './notices.tsx'

const COMMANDS: readonly Command[] = ['pipeline', 'verify', 'sft', 'collect', 'dpo', 'evaluate']
const SCHEMES: readonly Scheme[] = ['auto', 'light', 'dark']

export function useShellCommands(): readonly PaletteCommand[] {
  const { t } = useTranslation()
  const job = useJob()
  const busy = job !== null && job.current !== null
  const stopping = job?.status === 'stopping'
  const runs = useRuns().data
  const round = roundToTrain(usePlace(), useRounds().data ?? [])
  const latest = runs?.[0]
  const unfinished = runs?.find(isUnfinished)
  return useMemo(
    () => [
      ...VIEWS.map((view, at) => ({
        id: `go-${view}`,
        group: 'go' as const,
        label: t('palette.goTo', { view: t(`views.${view}`) }),
        keys: String(at + 1),
        run: () => goTo(view),
      })),
      ...(busy
        ? [
            {
              id: 'stop',
              group: 'run' as const,
              label: t(stopping ? 'job.stopNow' : 'job.stop'),
              run: () => void (stopping ? lab.job.stopNow : lab.job.stop).mutate().catch(tellError),
            },
          ]
        : [
            ...(unfinished === undefined
              ? []
              : [
                  {
                    id: 'resume',
                    group: 'run' as const,
                    label: t('pipeline.resume', { run: unfinished.id }),
                    run: () => void resume(unfinished.id),
                  },
                ]),
            ...COMMANDS.map((command) => ({
              id: `run-${command}`,
              group: 'run' as const,
              label: labelOf(t, command),
              run: () => void start(command),
            })),
            ...(round === undefined
              ? []
              : [
                  {
                    id: 'run-retrain',
                    group: 'run' as const,
                    label: t('palette.train', { run: round.run, round: round.round }),
                    run: () => void trainAgain(round),
                  },
                ]),
            ...(latest === undefined
              ? []
              : [
                  {
                    id: 'again',
                    group: 'run' as const,
                    label: t('palette.again', { run: latest.id }),
                    run: () => void again(latest.id),
                  },
                ]),
          ]),
      ...(Object.keys(LANGUAGES) as Language[]).map((language) => ({
        id: `language-${language}`,
        group: 'look' as const,
        label: t('palette.speak', { language: LANGUAGES[language] }),
        run: () => useSettings.setState({ language }),
      })),
      ...SCHEMES.map((scheme) => ({
        id: `scheme-${scheme}`,
        group: 'look' as const,
        label: t('palette.scheme', { scheme: t(`app.scheme.${scheme}`) }),
        run: () => useSettings.setState({ scheme }),
      })),
      { id: 'help', group: 'help', label: t('palette.help'), keys: '?', run: () => openPanel('help') },
      { id: 'tour', group: 'help', label: t('palette.tour'), run: () => openPanel('tour') },
    ],
    [t, busy, stopping, latest, unfinished, round],
  )
}

/** Stages are run; what has a button of its own is called by its words. */
function labelOf(t: TFunction, command: Command): string {
  if (command === 'pipeline') return t('pipeline.everything')
  return t('palette.run', { stage: t(`command.${command}`) })
}
