/** Starts the window. */
import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import '@mantine/core/styles.css'
import './theme.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { startWords } from './i18n/i18n.ts'
import { followJob } from './job.ts'
import { readPlace } from './location.ts'
import { loadScreen } from './screens.tsx'

followJob()
// A view that fails to load fails later, where it can show its error.
await Promise.all([startWords(), loadScreen(readPlace(window.location.hash).view).catch(() => {})])
createRoot(document.getElementById('root')!).render(<App />)
