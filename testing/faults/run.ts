import { parseArgs } from 'node:util'
import { openCampaignFolder } from '../campaign/folder.ts'
import { JOURNEY } from '../campaign/journey.ts'
import { copyPlace } from '../campaign/place.ts'
import { undisturbed } from '../campaign/undisturbed.ts'
import type { Ground } from './fault.ts'
import { DISK } from './rows/disk.ts'
import { PAGE_FAULTS } from './rows/pages.ts'
import { PROCESS } from './rows/process.ts'
import { QUEUE } from './rows/queue.ts'
import { CROWD } from './rows/queue-crowd.ts'
import { STORE } from './rows/store.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    pause: { type: 'string', default: '60' },
    points: { type: 'string', default: '8' },
    json: { type: 'boolean', default: false },
  },
})

const wanted = [...DISK, ...STORE, ...PROCESS, ...PAGE_FAULTS, ...QUEUE, CROWD].filter(
  ({ name }) => values.only?.some((text) => name.includes(text)) ?? true,
)
const folder = openCampaignFolder()
const parent = folder.path

const names = ['sft', 'collect', 'export']
const steps = await undisturbed(
  JOURNEY.filter(({ name }) => names.includes(name)),
  parent,
  (line) => console.error(line),
)
const ground: Ground = {
  steps: new Map(steps.map((done) => [done.step.name, done])),
  place(name) {
    const done = ground.steps.get(name)
    if (done === undefined) throw new Error(`there is no step ${name}`)
    return copyPlace(done.before, parent)
  },
  pause: Number(values.pause),
  points: Number(values.points),
}

const count = { passed: 0, failed: 0, skipped: 0 }
for (const fault of wanted) {
  const missing = fault.missing?.() ?? null
  const { seen, wrong } = missing === null ? await fault.inject(ground) : { seen: `skipped: ${missing}`, wrong: [] }
  const result = missing !== null ? 'skipped' : wrong.length === 0 ? 'passed' : 'failed'
  count[result]++
  if (values.json) console.log(JSON.stringify({ name: fault.name, must: fault.must, seen, wrong, result }))
  else
    console.log(
      [
        `${result}  ${fault.name}`,
        `        must: ${fault.must}`,
        `        seen: ${seen}`,
        ...wrong.map((line) => `        WRONG: ${line}`),
      ].join('\n'),
    )
}
folder.close(false)
const { passed, failed, skipped } = count
console.log(
  values.json
    ? JSON.stringify(count)
    : `\nfaults: ${wanted.length}, ${passed} passed, ${failed} failed, ${skipped} skipped`,
)
process.exitCode = failed === 0 ? 0 : 1
