/** Downloads and uploads: pictures of steps, exports of runs, and files of pairs to import. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { ADAPTER_FILES } from '../engine/adapter/adapter.ts'
import { exportFile, isExportFile } from '../exports/files.ts'
import { projectPath, shownPath } from '../files/paths.ts'
import { recogniseData } from '../imports/recognise.ts'
import { cutShort } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { message } from '../messages/message.ts'
import { configuredTasks } from '../pipeline/resources.ts'
import { DATA_LIMIT, textOf } from '../preferences/data-file.ts'
import { importPreferences } from '../preferences/file.ts'
import { parseGolden } from '../preferences/golden.ts'
import { addGoldenData } from '../preferences/golden-file.ts'
import type { Imported } from '../preferences/import.ts'
import { exportStudy, STUDY_EXPORTS, type StudyExport, studyOf } from '../study/result.ts'
import { findAdapter } from './adapters.ts'
import { reply, send, sendPieces } from './reply.ts'
import { find } from './runs.ts'
import type { Context } from './trpc.ts'

/** A request for such a file, with what the lab needs to answer it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly search: URLSearchParams
  readonly context: Context
}

/** Sends the picture of a step. Throws UserError, as all of these do. */
export async function sendPicture({ response, context }: Exchange, episode: string, step: string): Promise<void> {
  const picture = context.lab.store.episodes.picture(wholeNumber(episode), wholeNumber(step))
  if (picture === undefined) reply(response, 404, message('noSuchFile'))
  else send(response, 200, 'image/jpeg', picture)
}

/**
 * Sends a picture of a task's page. While a run is at work the machine is its own, and there is none. Those who only look open no page:
 * they get what others have looked at.
 */
export async function sendTaskPicture({ response, context }: Exchange, name: string): Promise<void> {
  const task = context.jobs.state.current === null ? decoded(name) : undefined
  const { pictures } = context.live
  const picture = task === undefined ? undefined : await (context.readOnly ? pictures.taken(task) : pictures.of(task))
  if (picture !== undefined) send(response, 200, 'image/jpeg', picture)
  // No failure, which the console of every reader would tell.
  else if (task !== undefined) response.writeHead(204, { 'Cache-Control': 'no-store' }).end()
  else reply(response, 404, message('noSuchFile'))
}

/** The text of a part of an address; undefined where percent signs stand for no text. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** Sends an export of a run. With ?round it is that round's; ?language is the report's; with ?inline the browser shows it. */
export async function sendExport({ response, search, context }: Exchange, number: string, name: string): Promise<void> {
  if (!isExportFile(name)) return reply(response, 404, message('noSuchFile'))
  const run = find(context, wholeNumber(number))
  const round = search.get('round')
  const { type, content } = await exportFile(context.lab.store, run.id, name, {
    tasks: configuredTasks(run.config),
    ...(round === null ? {} : { round: wholeNumber(round) }),
    language: search.get('language') ?? 'en',
  })
  showOrSave(response, search, `${run.name}-${run.id}-${name}`)
  if (typeof content === 'string' || content instanceof Uint8Array) send(response, 200, type, content)
  else await sendPieces(response, type, content)
}

const STUDY_TYPES: Readonly<Record<StudyExport, string>> = {
  'study.html': 'text/html; charset=utf-8',
  'study.pdf': 'application/pdf',
  'study.json': 'application/json',
  'study.csv': 'text/csv; charset=utf-8',
  'study.md': 'text/markdown; charset=utf-8',
}

/** Sends a file of a study's report. ?language is the page's; with ?inline the browser shows it. */
export async function sendStudyFile(
  { response, search, context }: Exchange,
  number: string,
  name: string,
): Promise<void> {
  const file = STUDY_EXPORTS.find((one) => one === name)
  if (file === undefined) return reply(response, 404, message('noSuchFile'))
  const { id, name: study } = studyOf(context.lab.store, wholeNumber(number))
  const content = await exportStudy(context.lab.store, id, file, search.get('language') ?? 'en')
  showOrSave(response, search, `${study}-${id}-${name}`)
  send(response, 200, STUDY_TYPES[file], content)
}

/** With ?inline the browser shows what is sent, otherwise it saves it under this name. */
function showOrSave(response: ServerResponse, search: URLSearchParams, name: string): void {
  if (search.has('inline')) {
    // A report contains no scripts. This header makes the browser enforce that.
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    )
  } else response.setHeader('Content-Disposition', `attachment; filename="${name}"`)
}

/** Sends the adapter at ?path, in PEFT's layout, as a single file. */
export async function sendAdapter({ response, search, context }: Exchange): Promise<void> {
  const adapter = findAdapter(context, search.get('path') ?? '')
  const folder = projectPath(adapter.path)
  // Whatever else is in the folder belongs to the user, and may be large.
  const files = ADAPTER_FILES.map((name) => [name, readFileSync(join(folder, name))] as const)
  // Imported only here: building its tables would delay the start of the lab.
  const { zipSync } = await import('fflate')
  // Weights do not compress, so they are stored as they are.
  const zip = zipSync(Object.fromEntries(files), { level: 0 })
  const name = adapter.run === null ? adapter.arm : `run-${adapter.run}-round-${adapter.round}-${adapter.arm}`
  response.setHeader('Content-Disposition', `attachment; filename="${name}_adapter.zip"`)
  send(response, 200, 'application/zip', zip)
}

/**
 * Imports the body, a preference file. The answer is the result of the import (Imported). With ?replace the round
 * becomes equal to the file. With ?preview nothing is changed. ?name is the file's name in messages, ?author the window
 * whose correction it is.
 */
export async function takePairs(
  { request, response, search, context }: Exchange,
  number: string,
  round: string,
): Promise<void> {
  const place = { run: find(context, wholeNumber(number)).id, round: wholeNumber(round) }
  const file = search.get('name') ?? 'preferences.jsonl'
  const imported: Imported = await importPreferences(context.lab.store, place, {
    text: textOf(await body(request), file),
    file,
    replace: search.has('replace'),
    preview: search.has('preview'),
    author: search.get('author'),
    path: projectPath(context.settings.read().paths.preference_data),
  })
  if (!search.has('preview')) context.lab.tellEdited()
  send(response, 200, 'application/json', JSON.stringify({ ...imported, told: cutShort(imported.told) }))
}

/** Says what the body is: golden samples or pairs, and how many (GivenData). ?name is the file's name in messages. */
export async function recogniseDropped({ request, response, search }: Exchange): Promise<void> {
  const file = search.get('name') ?? 'data.jsonl'
  const given = await recogniseData(textOf(await body(request), file), file)
  send(response, 200, 'application/json', JSON.stringify(given))
}

/** Adds the samples of the body to the file of golden samples. The answer says how many it did not have yet, and its path. */
export async function takeGolden({ request, response, search, context }: Exchange): Promise<void> {
  const file = search.get('name') ?? 'golden.jsonl'
  const samples = await parseGolden(textOf(await body(request), file), file)
  const path = projectPath(context.settings.read().paths.sft_data)
  const added = addGoldenData(path, samples)
  send(response, 200, 'application/json', JSON.stringify({ added, path: shownPath(path) }))
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    // The rest is read and forgotten: a browser shows no answer that comes before it has sent everything.
    if (bytes <= DATA_LIMIT) chunks.push(chunk)
    else chunks.length = 0
  }
  if (bytes > DATA_LIMIT) throw new UserError('uploadTooLong', { size: DATA_LIMIT >> 20 })
  return Buffer.concat(chunks)
}

/** A number from an address. Throws UserError where it is none. */
function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new UserError('notANumber', { text: text ?? '' })
  return Number(text)
}
