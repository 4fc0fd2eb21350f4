/** Pages that do what no page of a task should: each is played beside a good one, which must not notice. */
import { type Outcome, outcomeOf } from '../../campaign/outcome.ts'
import { filesIn, removePlace } from '../../campaign/place.ts'
import { startProgram } from '../../campaign/program.ts'
import { openWorkbench } from '../../workbench.ts'
import type { Fault } from '../fault.ts'
import { ending, endingFaults, stillThere } from '../judge.ts'
import { stepOf } from './disk.ts'

const LINK = '<button id="b">okay</button><a id="a" href="data:application/octet-stream,x" download="gift.bin">save</a>'

/** What each page does, by what it is called. */
const PAGES: Readonly<Record<string, string>> = {
  'an endless loop': 'for (;;) {}',
  'an endless loop at a click': '$("b").onclick = () => { for (;;) {} }',
  'dialogs without end': 'setInterval(() => { alert("no"); confirm("no"); prompt("no") }, 1)',
  'a question before it is left': 'onbeforeunload = (event) => { event.preventDefault(); return "stay" }',
  'windows without end': 'setInterval(() => open("about:blank"), 5); $("b").onclick = () => open(location.href)',
  downloads: '$("a").click(); setInterval(() => $("a").click(), 20); $("b").onclick = () => $("a").click()',
  'memory without end': 'const all = []; setInterval(() => all.push(new Array(1e6).fill(Math.random())), 5)',
  'another address': 'setTimeout(() => { location = "http://127.0.0.1:9/" }, 20)',
  'itself again and again': 'setTimeout(() => location.reload(), 20)',
  'elements without end':
    'setInterval(() => { document.body.append(...Array.from({ length: 500 }, () => document.createElement("button"))) }, 1)',
}

/** The rows of a task's episodes and steps. */
function rowsOf(outcome: Outcome, task: string): string[] {
  const rows = ['table episodes', 'table steps'].flatMap((table) => outcome.get(table) ?? [])
  return rows.filter((row) => row.includes('"stage":"collect"') && row.includes(`"task":"${task}"`))
}

export const PAGE_FAULTS: readonly Fault[] = Object.entries(PAGES).map(([what, script]) => ({
  name: `page: ${what}`,
  must: 'faults or failures of this page alone; an end in time',
  async inject(ground) {
    const done = stepOf(ground, 'collect')
    const place = ground.place('collect')
    const bench = openWorkbench()
    try {
      const { name } = bench.page(LINK, script)
      const options = [
        `environment.tasks_dir=${bench.dir}`,
        'environment.episode_time_limit=4',
        'collect.seeds_per_task=1',
        'collect.attempts=2',
      ]
      const tasks = ['--tasks', 'click-button', name]
      const ended = await startProgram(place, ['collect', ...tasks, '--set', ...options]).ended
      const wrong = [...endingFaults(ended), ...(await stillThere(place))]
      if (ended.seconds > 180) wrong.push(`takes ${ended.seconds.toFixed(0)} s`)
      const good = 'click-button'
      const known = new Set(rowsOf(done.outcome, good))
      const played = rowsOf(outcomeOf(place), good)
      if (played.length === 0 || played.some((row) => !known.has(row))) {
        wrong.push(`${good} has other episodes beside this page`)
      }
      const left = [...filesIn(place.temp), ...filesIn(place.home).filter((path) => path.includes('gift'))]
      if (left.length > 0) wrong.push(`${left.length} files left, such as ${left[0]}`)
      return { seen: ending(ended), wrong }
    } finally {
      bench.remove()
      removePlace(place)
    }
  },
}))
