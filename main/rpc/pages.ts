/** Procedures for task pages of the user: write, look at, check, save. */
import { z } from 'zod'
import { LONGEST_PAGE, pageNameSchema, readOwnPage, saveOwnPage } from '../environment/own-pages.ts'
import { PAGE_TEMPLATE } from '../environment/page-template.ts'
import { draftTask } from '../environment/tasks.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { checkPage, type PageCheck, previewPage } from '../live/page-draft.ts'
import { miniwobFolder } from '../pipeline/resources.ts'
import { readGoldenData } from '../preferences/golden-file.ts'
import { type Context, procedure, router, working } from './trpc.ts'

/** The folder for pages of the user where the settings name none, below the project's. */
const FOLDER = 'tasks'
const FOLDER_KEY = 'environment.tasks_dir'

const named = z.object({ name: pageNameSchema })
const draft = named.extend({ html: z.string().max(LONGEST_PAGE) })

export const pagesRouter = router({
  /** What a new page begins with, the folder it will be in, and whether saving first makes that folder one of tasks. */
  start: procedure.query(({ ctx }) => ({
    html: PAGE_TEMPLATE,
    folder: shownPath(placeOf(ctx).tasksDir),
    isNew: ctx.settings.read().environment.tasks_dir === null,
  })),

  /** A page of the user. */
  get: procedure.input(named).query(({ ctx, input }) => readOwnPage(placeOf(ctx), input.name)),

  /** How the problem of a seed looks. It changes nothing, but runs the page. */
  preview: procedure
    .input(draft.extend({ seed: z.int().min(0).max(1_000_000) }))
    .mutation(({ ctx, input: { name, html, seed } }) => {
      return previewPage(ctx.live.workshop, draftTask(placeOf(ctx), name, html), seed)
    }),

  /** Whether the page makes a good task: one answer. Whoever unsubscribes before ends the checks. */
  check: working.input(draft).subscription(async function* ({
    ctx,
    input: { name, html },
    signal,
  }): AsyncGenerator<readonly PageCheck[]> {
    const golden = await readGoldenData(projectPath(ctx.settings.read().paths.sft_data))
    yield await checkPage(
      ctx.live.workshop,
      draftTask(placeOf(ctx), name, html),
      golden.filter(({ task }) => task === name),
      { signal },
    )
  }),

  /** Saves a page. `before` is the version that it replaces; null for a new one. */
  save: procedure
    .input(draft.extend({ before: z.string().max(64).nullable() }))
    .mutation(({ ctx, input: { before, ...page } }) => {
      const saved = saveOwnPage(placeOf(ctx), page, before)
      if (ctx.settings.read().environment.tasks_dir === null) ctx.settings.set({ [FOLDER_KEY]: FOLDER })
      ctx.lab.tellConfigured()
      return saved
    }),
})

function placeOf({ settings }: Context) {
  const config = settings.read()
  const miniwob = miniwobFolder(config)
  const tasksDir = projectPath(config.environment.tasks_dir ?? FOLDER)
  return { tasksDir, ...(miniwob === undefined ? {} : { miniwob }) }
}
