/** Starts the window. */
import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import '@mantine/core/styles.css'
import './theme.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { startWords } from './i18n/i18n.ts'
import { followJob } from './job.ts'

followJob()
await startWords()
createRoot(document.getElementById('root')!).render(<App />)
