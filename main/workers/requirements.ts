/**
 * What decides an episode beside the policy, the problem and the seeds: the lab's code, the prompt, the base model, the pages
 * and what computes. Lab and worker compare these before anything is played.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AgentModel } from '../agent/model.ts'
import { fingerprintOf } from '../engine/adapter/base-identity.ts'
import type { Engine } from '../engine/engine.ts'
import type { Task } from '../environment/tasks.ts'
import { VERSION } from '../files/version.ts'
import type { Message } from '../messages/message.ts'
import { message } from '../messages/message.ts'
import { english } from '../messages/say.ts'
import type { Machine } from '../store/episodes.ts'
import type { Play, Requirements } from './protocol.ts'

/** The rooms whose code decides what the agent sees, may answer and does. */
const DECIDING = ['../agent', '../environment']

/** What a lab that plays with this model requires of workers, and what a worker with it has. */
export async function requirementsOf(model: AgentModel): Promise<Requirements> {
  const { base, promptName: prompt } = model
  const fingerprint = base === null ? '' : await fingerprintOf(base)
  return { version: VERSION, code: codeHash(), prompt, base: { name: base?.name ?? '', fingerprint } }
}

/**
 * What plays here with a model's engine. The lab has the host's name. Each worker has its process number behind that, so that
 * those of one host can be told apart.
 */
export function machineOf({ engine }: { readonly engine: Described }, process?: number): Machine {
  const host = hostname().slice(0, 90) || 'localhost'
  const name = process === undefined ? host : `${host}:${process}`
  return { name, engine: engine.description, kind: kindOf(engine) }
}

type Described = Pick<Engine, 'kind' | 'description' | 'holding'>

/** Engine, instructions or card, and number formats. Machines of one kind round alike. */
export function kindOf({ kind, description, holding }: Described): string {
  const computes = partOf(description, 'kernels') ?? partOf(description, 'adapter')
  const formats = holding === null ? [] : [holding.precision, holding.headPrecision]
  return [kind, ...(computes === undefined ? [] : [computes]), ...formats].join(', ').slice(0, 200)
}

/** Why a worker cannot play what a lab posted; empty where it can. */
export function mismatches(
  play: Play,
  own: Requirements,
  machine: Machine,
  pages: ReadonlyMap<string, string>,
): Message[] {
  const { requirements, kind, lab } = play
  const found: Message[] = []
  if (requirements.code !== own.code || requirements.version !== own.version) {
    found.push(message('refusesCode', { lab, theirs: named(requirements), own: named(own) }))
  }
  if (requirements.prompt !== own.prompt) {
    found.push(message('refusesPrompt', { lab, theirs: requirements.prompt, own: own.prompt }))
  }
  if (requirements.base.fingerprint !== own.base.fingerprint) {
    found.push(message('refusesBase', { lab, theirs: requirements.base.name, own: own.base.name }))
  }
  const strange = Object.entries(play.pages).filter(([task, hash]) => pages.get(task) !== hash)
  if (strange.length > 0) {
    const tasks = strange.slice(0, 5).map(([task]) => task)
    found.push(message('refusesPages', { lab, tasks, count: strange.length }))
  }
  if (kind !== null && kind !== machine.kind) {
    found.push(message('refusesKind', { lab, theirs: kind, own: machine.kind }))
  }
  return found
}

/** The hash of the code that decides an episode. */
function codeHash(): string {
  const hash = createHash('sha256')
  for (const room of DECIDING) addFolder(hash, fileURLToPath(new URL(room, import.meta.url)), isCode)
  return hash.digest('hex')
}

const isCode = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts')

/** The hash of a task's page and of all that it may read beside the other tasks' pages. `shared` keeps folders' hashes. */
export function pagesHash(task: Task, shared: Map<string, string>): string {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(task.url)))
  for (const url of [task.root, ...task.libraries.map(({ answers }) => answers)]) {
    let known = shared.get(url)
    if (known === undefined) {
      const folder = createHash('sha256')
      addFolder(folder, fileURLToPath(url), (name) => !isTaskPage(name))
      known = folder.digest('hex')
      shared.set(url, known)
    }
    hash.update(known)
  }
  return hash.digest('hex')
}

/** A page of the benchmark, or of a folder of tasks. */
function isTaskPage(name: string): boolean {
  return /^(miniwob[/\\])?[^/\\]+\.html$/.test(name)
}

function addFolder(hash: ReturnType<typeof createHash>, folder: string, wanted: (name: string) => boolean): void {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length)
        .replace(/^[/\\]/, ''),
    )
    .filter(wanted)
    .sort()
  for (const name of names) {
    const bytes = readFileSync(join(folder, name))
    hash.update(`${name.replaceAll('\\', '/')} ${bytes.length}\n`).update(bytes)
  }
}

function named({ version, code }: Requirements): string {
  return `${version} (${code.slice(0, 8)})`
}

/** A value anywhere in a message, as text. */
function partOf({ values }: Message, name: string): string | undefined {
  for (const [key, value] of Object.entries(values)) {
    const isNested = typeof value === 'object' && 'id' in value
    if (key === name) return isNested ? english(value) : String(value)
    const inner = isNested ? partOf(value, name) : undefined
    if (inner !== undefined) return inner
  }
  return undefined
}
