/**
 * Runs before the page of the lab's window, in its sandbox. It tells the page where a file lies that somebody dropped on the window; a
 * browser would not. Nothing else of Electron or of this process reaches the page.
 */
const { contextBridge, webUtils } = require('electron')

contextBridge.exposeInMainWorld('dpoDriverDesktop', { pathOf: (file) => webUtils.getPathForFile(file) })
