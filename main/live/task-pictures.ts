/** Pictures of tasks as they begin, kept while the lab runs. A page that has changed since is pictured again. */
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Session } from '../environment/session.ts'
import type { Task } from '../environment/tasks.ts'
import type { Resources } from '../pipeline/resources.ts'
import { pageFailed } from './page-failed.ts'
import type { Workshop } from './workshop.ts'

/** The problem that a picture shows. */
const SEED = 0

export class TaskPictures {
  readonly #workshop: Workshop
  readonly #taken = new Map<string, Promise<Uint8Array>>()

  constructor(workshop: Workshop) {
    this.#workshop = workshop
  }

  /** A JPEG of the task's page. Throws UserError where the task does not exist or its page fails; the next call tries again. */
  of(name: string): Promise<Uint8Array> {
    return this.#workshop.use(async (resources) => {
      const { task, page } = pageOf(resources, name)
      const taken = this.#taken.get(page) ?? resources.environment().use(task, (session) => take(task, session))
      this.#taken.set(page, taken)
      try {
        return await taken
      } catch (error) {
        this.#taken.delete(page)
        throw pageFailed(name, error)
      }
    })
  }

  /** The picture, if it has been taken; it opens no page. Throws UserError where the task does not exist. */
  async taken(name: string): Promise<Uint8Array | undefined> {
    return this.#workshop.use(async (resources) => this.#taken.get(pageOf(resources, name).page))
  }
}

/** A task, and what tells its page from what that was before. */
function pageOf(resources: Resources, name: string): { readonly task: Task; readonly page: string } {
  const task = resources.tasksNamed([name])[0]!
  return { task, page: `${task.url} ${statSync(fileURLToPath(task.url), { throwIfNoEntry: false })?.mtimeMs}` }
}

async function take(task: Task, session: Session): Promise<Uint8Array> {
  // A page that is open already shows what its file was.
  if (task.source === 'user') await session.close()
  await session.reset(task, SEED)
  return (await session.shot(null)).picture
}
