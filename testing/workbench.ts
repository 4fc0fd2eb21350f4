/** For tests: task pages from a few lines of HTML. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BUILTIN_TASKS, findTask, listTasks, type Task } from '../main/environment/tasks.ts'

export interface Workbench {
  readonly dir: string
  /** A task whose #area contains `html`. `script` runs after that, in genProblem. */
  page(html: string, script?: string): Task
  remove(): void
}

export function openWorkbench(): Workbench {
  const dir = mkdtempSync(path.join(tmpdir(), 'workbench-'))
  for (const file of ['core.js', 'core.css']) cpSync(path.join(BUILTIN_TASKS, file), path.join(dir, file))
  let pages = 0
  return {
    dir,
    page(html, script = '') {
      const name = `page-${pages++}`
      writeFileSync(
        path.join(dir, `${name}.html`),
        `<!DOCTYPE html><html><head><meta charset="utf-8"><link rel="stylesheet" href="core.css">
        <script src="core.js"></script><script>
        const HTML = ${JSON.stringify(html).replaceAll('</', '<\\/')}
        function genProblem() {
          core.ask('Do it.')
          document.getElementById('area').innerHTML = HTML
          const $ = (id) => document.getElementById(id)
          ${script}
        }</script></head><body><div id="wrap"><div id="query"></div><div id="area"></div></div></body></html>`,
      )
      return findTask(listTasks({ tasksDir: dir }), name)
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
