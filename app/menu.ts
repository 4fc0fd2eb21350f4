/** The menu of the desktop app, as data. */
import type { MenuItemConstructorOptions } from 'electron'

/** The actions of the menu's own items. All other items are roles that Electron knows. */
export interface MenuActions {
  /** Goes to a view, by its name in the page's address. */
  goTo(view: string): void
  savePdf(): void
  openFolder(): void
  runAll(): void
  stop(): void
  showShortcuts(): void
}

const ENGLISH = {
  file: 'File',
  savePdf: 'Save View as PDF',
  openFolder: 'Open Project Folder',
  edit: 'Edit',
  view: 'View',
  pipeline: 'Pipeline',
  live: 'Live',
  pairs: 'Pairs',
  training: 'Training',
  results: 'Results',
  episodes: 'Episodes',
  runs: 'Runs and Models',
  studies: 'Studies',
  tasks: 'Tasks',
  run: 'Run',
  runAll: 'Run Everything',
  stop: 'Stop',
  window: 'Window',
  help: 'Help',
  showShortcuts: 'Keyboard Shortcuts',
}
type Labels = typeof ENGLISH

const CHINESE: Labels = {
  file: '文件',
  savePdf: '将视图另存为 PDF',
  openFolder: '打开项目文件夹',
  edit: '编辑',
  view: '视图',
  pipeline: '流水线',
  live: '实况',
  pairs: '偏好对',
  training: '训练',
  results: '结果',
  episodes: '回合',
  runs: '运行与模型',
  studies: '研究',
  tasks: '任务',
  run: '运行',
  runAll: '全部运行',
  stop: '停止',
  window: '窗口',
  help: '帮助',
  showShortcuts: '键盘快捷键',
}

const VIEWS = ['pipeline', 'live', 'pairs', 'training', 'results', 'episodes', 'runs', 'studies', 'tasks'] as const

/** The menu's template for a system and its language (`zh-CN`, `en-US`). */
export function menuTemplate(
  actions: MenuActions,
  platform: NodeJS.Platform,
  locale: string,
): MenuItemConstructorOptions[] {
  const labels = locale.startsWith('zh') ? CHINESE : ENGLISH
  const separator = { type: 'separator' } as const
  const views = VIEWS.map((view, i) => ({
    id: `view-${view}`,
    label: labels[view],
    accelerator: `CmdOrCtrl+${i + 1}`,
    click: () => actions.goTo(view),
  }))
  return [
    ...(platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: labels.file,
      submenu: [
        { id: 'save-pdf', label: labels.savePdf, accelerator: 'CmdOrCtrl+Shift+S', click: actions.savePdf },
        { id: 'open-folder', label: labels.openFolder, click: actions.openFolder },
        separator,
        { role: platform === 'darwin' ? 'close' : 'quit' },
      ],
    },
    { role: 'editMenu', label: labels.edit },
    {
      label: labels.view,
      submenu: [
        ...views,
        separator,
        { role: 'reload' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      label: labels.run,
      submenu: [
        { id: 'run-all', label: labels.runAll, accelerator: 'CmdOrCtrl+Enter', click: actions.runAll },
        { id: 'stop', label: labels.stop, accelerator: 'CmdOrCtrl+.', click: actions.stop },
      ],
    },
    { role: 'windowMenu', label: labels.window },
    {
      role: 'help',
      label: labels.help,
      submenu: [{ id: 'shortcuts', label: labels.showShortcuts, click: actions.showShortcuts }],
    },
  ]
}
