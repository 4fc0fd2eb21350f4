/** The commands of the palette: views, runs, language, colours, help. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Command } from '../../main/lab.ts'
import { lab } from '../api.ts'
import { useJob } from '../job.ts'
import { goTo, VIEWS } from '../location.ts'
import { start } from '../start.ts'
import { LANGUAGES, type Language, type Scheme, useSettings } from '../state/settings.ts'
import { openPanel, type Command as PaletteCommand } from './commands.ts'
import { tellError } from './notices.tsx'

const COMMANDS: readonly Command[] = ['pipeline', 'verify', 'sft', 'collect', 'dpo', 'evaluate']
const SCHEMES: readonly Scheme[] = ['auto', 'light', 'dark']

export function useShellCommands(): readonly PaletteCommand[] {
  const { t } = useTranslation()
  const busy = useJob()?.current != null
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
              label: t('job.stop'),
              run: () => void lab.job.stop.mutate().catch(tellError),
            },
          ]
        : COMMANDS.map((command) => ({
            id: `run-${command}`,
            group: 'run' as const,
            label:
              command === 'pipeline' ? t('pipeline.everything') : t('palette.run', { stage: t(`command.${command}`) }),
            run: () => void start(command),
          }))),
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
    [t, busy],
  )
}
