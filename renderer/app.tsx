/** The window: providers, the frame around the views, and the view that the address names. */
import { MantineProvider } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnection } from './api.ts'
import classes from './app.module.css'
import { useJob } from './job.ts'
import { goTo, usePlace, VIEWS, type View } from './location.ts'
import { useKeys } from './parts/keys.ts'
import { queries } from './queries.ts'
import { Screen } from './screens.tsx'
import { closePanels, openPanel, usePanels } from './shell/commands.ts'
import { Drop } from './shell/drop.tsx'
import { Boundary } from './shell/failure.tsx'
import { Header } from './shell/header.tsx'
import { Help } from './shell/help.tsx'
import { Models } from './shell/models.tsx'
import { Navigation } from './shell/navigation.tsx'
import { NewStudy } from './shell/new-study.tsx'
import { Notices } from './shell/notices.tsx'
import { Palette } from './shell/palette.tsx'
import { Asking } from './shell/question.tsx'
import { useRunEnd } from './shell/run-end.ts'
import { useShellCommands } from './shell/shell-commands.ts'
import { titleOf } from './shell/title.ts'
import { Tour } from './shell/tour.tsx'
import { useSettings } from './state/settings.ts'
import { theme } from './theme.ts'

export function App() {
  const { scheme } = useSettings()
  return (
    <QueryClientProvider client={queries}>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        {...(scheme === 'auto' ? {} : { forceColorScheme: scheme })}
      >
        <Frame />
      </MantineProvider>
    </QueryClientProvider>
  )
}

function Frame() {
  const { t } = useTranslation()
  const { view } = usePlace()
  const shell = useShellCommands()
  const { toured } = useSettings()
  const panels = usePanels()
  // This key opens the palette from within text fields too, and closes it from its own field.
  useHotkeys([['mod+K', () => (panels.palette ? closePanels() : openPanel('palette'))]], [])
  useKeys([
    ['shift+?', () => openPanel('help')],
    ...VIEWS.map((one, at): [string, () => void] => [String(at + 1), () => goTo(one)]),
  ])
  useEffect(() => {
    if (!toured) openPanel('tour')
  }, [toured])
  const { lost } = useConnection()
  const title = titleOf(t, { lost, view, current: useJob()?.current ?? null, unseen: useRunEnd() })
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <div className={classes.frame}>
      <button type="button" className={classes.skip} onClick={() => document.getElementById('content')?.focus()}>
        {t('app.skip')}
      </button>
      <div className={classes.side}>
        <Navigation />
      </div>
      <Header />
      <main className={classes.main} id="content" tabIndex={-1}>
        <Boundary key={view}>
          <Screen view={view} />
        </Boundary>
      </main>
      <ViewAnnouncer view={view} />
      <Palette commands={shell} />
      <Help />
      <Models />
      <Tour />
      <Asking />
      <NewStudy />
      <Drop />
      <Notices />
    </div>
  )
}

/** Announces a change of view to screen readers. When the page opens, its own title does that. */
function ViewAnnouncer({ view }: { readonly view: View }) {
  const { t } = useTranslation()
  const [first] = useState(view)
  const [changed, setChanged] = useState(false)
  useEffect(() => {
    if (view !== first) setChanged(true)
  }, [view, first])
  return (
    <span className="hidden-words" role="status">
      {changed ? t(`views.${view}`) : ''}
    </span>
  )
}
