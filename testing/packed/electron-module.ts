/** What `import 'electron'` gives to a packed app that start.ts runs. */
import { electronStandIn } from '../electron.ts'

/** The app's own folder and its user's folder of documents are in here. */
const HOME = process.env.PACKED_APP_HOME ?? ''

export const launch = electronStandIn(HOME)
launch.app.isPackaged = true
export const { app, BrowserWindow, Menu, dialog, nativeTheme, screen, session, shell } = launch.electron
