/**
 * Downloads models from the Hugging Face Hub into its usual cache, in the layout of its other clients:
 * `models--<owner>--<name>/blobs/<hash>`, and `snapshots/<commit>/<file>` that point there.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ListFileEntry } from '@huggingface/hub'
import { unwritable, writeFileAtomic } from '../files/file.ts'
import { UserError } from '../messages/error.ts'
import { type Message, message } from '../messages/message.ts'
import { english } from '../messages/say.ts'

/** Progress of a download, over all files. */
export interface DownloadProgress {
  readonly file: string
  readonly bytes: number
  readonly total: number
}

export interface DownloadOptions {
  /** The cache's folder. */
  readonly cache: string
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly signal?: AbortSignal
  /** The hub's address; by default HF_ENDPOINT, or the public hub. */
  readonly endpoint?: string
  /** A connection is given up after this many milliseconds without a byte; default 30,000. */
  readonly patience?: number
}

/** The files of a model that this lab reads. */
const WANTED =
  /^(config|generation_config|tokenizer|tokenizer_config|model\.safetensors\.index)\.json$|^chat_template\.jinja$|^model(-\d+-of-\d+)?\.safetensors$/

/** A model's name on the hub. */
export const HUB_NAME = /^[\w.-]+\/[\w.-]+$/

/** Bytes that are written between two checks of a file. */
const REPORT = 2 ** 23

/**
 * Downloads the missing files of a model's main branch and returns the folder of its snapshot. Partial files are continued.
 * Each file is checked against the hub's hash before it is used.
 * @throws UserError if the hub cannot be reached, lacks or refuses the model, or a file arrives incomplete.
 */
export async function downloadModel(name: string, options: DownloadOptions): Promise<string> {
  const { cache, onProgress, signal, patience = 30_000 } = options
  const hubUrl = options.endpoint ?? process.env.HF_ENDPOINT
  const accessToken = process.env.HF_TOKEN
  const request = {
    repo: name,
    fetch: patient(patience, signal),
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(accessToken === undefined ? {} : { accessToken }),
  }
  const repository = join(cache, `models--${name.replace('/', '--')}`)
  // Imported late: it is slow to start, and usually nothing is downloaded.
  const { downloadFile, HubApiError, listFiles, modelInfo } = await import('@huggingface/hub')
  try {
    const { sha } = await modelInfo({ ...request, name, additionalFields: ['sha'] })
    const files: ListFileEntry[] = []
    for await (const entry of listFiles({ ...request, revision: sha })) {
      if (entry.type === 'file' && WANTED.test(entry.path)) files.push(entry)
    }
    if (!files.some(({ path }) => path.endsWith('.safetensors'))) {
      throw new UserError('hubNoSafetensors', { name })
    }
    // A snapshot counts as complete once it has a config.json, so that comes last.
    files.sort((a, b) => Number(a.path === 'config.json') - Number(b.path === 'config.json'))
    const total = files.reduce((sum, { size }) => sum + size, 0)
    let before = 0
    const snapshot = join(repository, 'snapshots', sha)
    await mkdir(snapshot, { recursive: true })
    await mkdir(join(repository, 'blobs'), { recursive: true })
    for (const file of files) {
      const tell = (bytes: number) => onProgress?.({ file: file.path, bytes: before + bytes, total })
      const blob = async () => {
        const found = await downloadFile({ ...request, path: file.path, revision: sha, xet: false })
        if (found === null) throw new UserError('hubFileLost', { name, file: file.path })
        return found
      }
      await bringFile(repository, snapshot, file, blob, tell, { patience, signal })
      before += file.size
    }
    writeFileAtomic(join(repository, 'refs', 'main'), sha)
    return snapshot
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof HubApiError) throw refused(name, error.statusCode)
    throw explained(name, unwritable(cache, error))
  }
}

/** Makes a file of the snapshot. Downloads its blob if it is missing. */
async function bringFile(
  repository: string,
  snapshot: string,
  file: ListFileEntry,
  blob: () => Promise<Blob>,
  tell: (bytes: number) => void,
  limits: { patience: number; signal: AbortSignal | undefined },
): Promise<void> {
  const pointer = join(snapshot, file.path)
  const hash = file.lfs?.oid ?? file.oid ?? ''
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new UserError('hubNoHash', { file: file.path })
  const place = join(repository, 'blobs', hash)
  if (!existsSync(place)) {
    const partial = `${place}.incomplete`
    await fetchInto(partial, file, blob, tell, limits)
    await rename(partial, place)
  }
  tell(file.size)
  if (existsSync(pointer)) return
  await rm(pointer, { force: true })
  await symlink(join('..', '..', 'blobs', hash), pointer)
}

/** Downloads the rest of a file. A complete file with a wrong hash is removed, so that the next attempt begins anew. */
async function fetchInto(
  partial: string,
  file: ListFileEntry,
  blob: () => Promise<Blob>,
  tell: (bytes: number) => void,
  { patience, signal }: { patience: number; signal: AbortSignal | undefined },
): Promise<void> {
  const begun = existsSync(partial) ? (await stat(partial)).size : 0
  const start = begun <= file.size ? begun : 0
  const hash = beginHash(file)
  if (start > 0) for await (const piece of createReadStream(partial, { end: start - 1 })) hash.update(piece)
  const handle = await open(partial, start > 0 ? 'r+' : 'w')
  let at = start
  try {
    if (at < file.size) {
      const source = await blob()
      const rest = at === 0 ? source : source.slice(at, file.size)
      let told = at
      for await (const piece of eachPiece(rest, patience, signal)) {
        await writeAll(handle, piece, at)
        hash.update(piece)
        at += piece.length
        if (at - told >= REPORT) {
          tell(at)
          told = at
        }
      }
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (at < file.size) throw new UserError('downloadBrokeOff', { file: file.path, done: at, size: file.size })
  if (at > file.size || hash.digest('hex') !== (file.lfs?.oid ?? file.oid)) {
    await rm(partial, { force: true })
    throw new UserError('downloadHashWrong', { file: file.path })
  }
}

/** The hash of a file: SHA-256 for large files, git's SHA-1 of a blob for small ones. */
function beginHash(file: ListFileEntry): Hash {
  return file.lfs === undefined ? createHash('sha1').update(`blob ${file.size}\0`) : createHash('sha256')
}

async function writeAll(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < piece.length; )
    at += (await handle.write(piece, at, piece.length - at, position + at)).bytesWritten
}

/** The bytes of a blob. Throws if none comes for `patience` milliseconds. */
async function* eachPiece(blob: Blob, patience: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader()
  try {
    while (true) {
      signal?.throwIfAborted()
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => reject(new TooLate(message('hubNoByte', { milliseconds: patience }))), patience)
      const { done, value } = await Promise.race([reader.read(), late]).finally(() => clearTimeout(timer))
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** The hub did not answer within the time limit. */
class TooLate extends Error {
  readonly reason: Message

  constructor(reason: Message) {
    super(english(reason))
    this.reason = reason
  }
}

/** fetch that gives up if no answer begins within `patience` milliseconds. */
function patient(patience: number, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new TooLate(message('hubNoAnswer', { milliseconds: patience }))),
      patience,
    )
    const signals = [late.signal, ...(signal === undefined ? [] : [signal])]
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The error for an answer of the hub that is no success. */
function refused(name: string, status: number): UserError {
  if (status === 401 || status === 403) return new UserError('hubForbidden', { name })
  if (status === 404) return new UserError('hubNoModel', { name })
  return new UserError('hubStatus', { status, name })
}

/** A UserError for a network error; any other error unchanged. */
function explained(name: string, error: unknown): unknown {
  const folder = `models/${name}`
  if (error instanceof TooLate) return new UserError('hubUnreachable', { name, reason: error.reason, folder })
  // If fetch gets no answer, it throws a TypeError with the reason as its cause.
  if (error instanceof TypeError) {
    const { cause } = error
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : error.message
    return new UserError('hubUnreachable', { name, reason, folder })
  }
  return error
}
