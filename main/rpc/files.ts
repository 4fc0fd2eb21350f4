/** Downloads and uploads: pictures of steps, exports of runs, and files of pairs to import. */
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { exportFile, isExportFile } from '../exports/files.ts'
import { projectPath } from '../files/paths.ts'
import { cutShort } from '../messages/cut.ts'
import { UserError } from '../messages/error.ts'
import { configuredTasks } from '../pipeline/resources.ts'
import { importPreferences } from '../preferences/file.ts'
import type { Imported } from '../preferences/import.ts'
import { findAdapter } from './catalogue.ts'
import { send } from './reply.ts'
import { find } from './runs.ts'
import type { Context } from './trpc.ts'

/** Largest file that can be imported, in bytes. */
const IMPORT_LIMIT = 256 << 20

/** Answers a request for such a file; false where the request is for something else. Throws UserError. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  context: Context,
): Promise<boolean> {
  const [room, ...rest] = url.pathname.slice(1).split('/')
  if (request.method === 'GET' && room === 'pictures') return sendPicture(response, rest, context)
  if (request.method === 'GET' && room === 'exports') return sendExport(response, rest, url.searchParams, context)
  if (request.method === 'GET' && url.pathname === '/adapter.zip') {
    return sendAdapter(response, url.searchParams.get('path') ?? '', context)
  }
  if (request.method === 'POST' && room === 'imports') {
    await takePairs(request, response, rest, url.searchParams, context)
    return true
  }
  return false
}

/** /pictures/<episode>/<step> */
function sendPicture(response: ServerResponse, [episode, step]: readonly string[], { lab }: Context): boolean {
  const picture = lab.store.episodes.picture(wholeNumber(episode), wholeNumber(step))
  if (picture === undefined) return false
  send(response, 200, 'image/jpeg', picture)
  return true
}

/** /exports/<run>/<file> */
async function sendExport(
  response: ServerResponse,
  [number, name = '']: readonly string[],
  search: URLSearchParams,
  context: Context,
): Promise<boolean> {
  if (!isExportFile(name)) return false
  const run = find(context, wholeNumber(number))
  const round = search.get('round')
  const { type, content } = await exportFile(context.lab.store, run.id, name, {
    tasks: configuredTasks(run.config),
    ...(round === null ? {} : { round: wholeNumber(round) }),
  })
  if (search.has('inline')) {
    // A report contains no scripts. This header makes the browser enforce that.
    response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
  } else response.setHeader('Content-Disposition', `attachment; filename="${run.name}-${run.id}-${name}"`)
  send(response, 200, type, content)
  return true
}

/** /adapter.zip?path=<path>: an adapter in PEFT's layout, as a single file. */
async function sendAdapter(response: ServerResponse, path: string, context: Context): Promise<boolean> {
  const adapter = findAdapter(context, path)
  const folder = projectPath(adapter.path)
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const)
  // Imported only here: building its tables would delay the start of the lab.
  const { zipSync } = await import('fflate')
  // Weights do not compress, so they are stored as they are.
  const zip = zipSync(Object.fromEntries(files), { level: 0 })
  const name = adapter.run === null ? adapter.arm : `run-${adapter.run}-round-${adapter.round}-${adapter.arm}`
  response.setHeader('Content-Disposition', `attachment; filename="${name}_adapter.zip"`)
  send(response, 200, 'application/zip', zip)
  return true
}

/**
 * /imports/<run>/<round>/preferences: the body is a preference file, the answer is the result of the import (Imported).
 * With ?replace the round becomes equal to the file. ?name is the file's name in messages.
 */
async function takePairs(
  request: IncomingMessage,
  response: ServerResponse,
  [number, round]: readonly string[],
  search: URLSearchParams,
  context: Context,
): Promise<void> {
  const place = { run: find(context, wholeNumber(number)).id, round: wholeNumber(round) }
  const imported: Imported = importPreferences(context.lab.store, place, {
    text: await body(request),
    file: search.get('name') ?? 'preferences.jsonl',
    replace: search.has('replace'),
    path: projectPath(context.settings.read().paths.preference_data),
  })
  context.lab.tellEdited()
  send(response, 200, 'application/json', JSON.stringify({ ...imported, told: cutShort(imported.told) }))
}

async function body(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > IMPORT_LIMIT) throw new UserError('uploadTooLong', { size: IMPORT_LIMIT >> 20 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** A number from an address. Throws UserError where it is none. */
function wholeNumber(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new UserError('notANumber', { text: text ?? '' })
  return Number(text)
}
