/**
 * Downloads models from the Hugging Face Hub into its usual cache, in the layout of its other clients:
 * `models--<owner>--<name>/blobs/<hash>`, and `snapshots/<commit>/<file>` that point there.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync, openAsBlob } from 'node:fs'
import { copyFile, type FileHandle, open, rename, rm, stat, statfs, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { HubApiError, ListFileEntry } from '@huggingface/hub'
import { makeFolder, unwritable, writeFileAtomic } from '../../files/file.ts'
import { finished, leftIn, unfinished } from '../../files/unfinished.ts'
import { UserError } from '../../messages/error.ts'
import { type Message, message } from '../../messages/message.ts'
import { reasonOf } from '../../messages/reason.ts'
import { english } from '../../messages/say.ts'
import { proxiedFetch, reasonOfFetch, throughProxy } from '../../network/proxy.ts'
import { parseModelConfig } from '../checkpoint/config-json.ts'
import { checkHeaders, parseIndex, weightFiles } from '../checkpoint/folder-checkpoint.ts'
import { readOptional } from '../checkpoint/model-file.ts'
import { type ByteSource, readHeader, type SafetensorsHeader } from '../checkpoint/safetensors.ts'
import { isWhole, repositoryFolder, SHARD_INDEX, WHOLE_WEIGHTS } from '../checkpoint/snapshot.ts'
import type { ModelConfig } from '../engine.ts'
import { checkTokenizerFits, loadTokenizer } from '../tokenizer/tokenizer.ts'
import { hubEndpoint, hubToken, namedEndpoint } from './settings.ts'

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
  /** Called with the model's shape before weights are downloaded. Throws to refuse it. */
  readonly check?: (config: ModelConfig) => void | Promise<void>
}

/** The small files of a model that this lab reads. */
const BESIDE =
  /^(config|generation_config|tokenizer|tokenizer_config|model\.safetensors\.index)\.json$|^chat_template\.jinja$/

/** A model's name on the hub. */
export const HUB_NAME = /^[\w.-]+\/[\w.-]+$/

/** Bytes that are written between two checks of a file. */
const REPORT = 2 ** 23

/** Bytes that are fetched of a file of weights to read its header. */
const FRONT = 2 ** 16

/** What is needed for all requests about a model. */
interface Hub {
  readonly name: string
  readonly commit: string
  /** The model's folder in the cache, and that of the commit in it. */
  readonly repository: string
  readonly snapshot: string
  readonly patience: number
  readonly signal: AbortSignal | undefined
  /** The content of a file, which is fetched when it is read. */
  blob(file: ListFileEntry): Promise<Blob>
}

/**
 * Downloads the missing files of a model's main branch and returns the folder of its snapshot. First come the small files
 * and the headers of the weights: a model that this lab cannot use is refused before a weight is downloaded. Partial files
 * are continued. Each file is checked against the hub's hash before it is used.
 * @throws UserError if the hub cannot be reached, lacks or refuses the model, the lab cannot use it, the disk has no room
 *   for it, or a file arrives incomplete.
 */
export async function downloadModel(name: string, options: DownloadOptions): Promise<string> {
  const { cache, onProgress, signal, check, patience = 30_000 } = options
  const hubUrl = options.endpoint?.replace(/\/+$/, '') ?? hubEndpoint()
  const request = { repo: name, hubUrl, fetch: patient(loggedIn(hubUrl), patience, signal) }
  const repository = repositoryFolder(cache, name)
  // Imported late: it is slow to start, and usually nothing is downloaded.
  const { downloadFile, HubApiError, InvalidApiResponseFormatError, listFiles, modelInfo } = await import(
    '@huggingface/hub'
  )
  try {
    const { sha } = await modelInfo({ ...request, name, additionalFields: ['sha'] })
    const listed: ListFileEntry[] = []
    for await (const entry of listFiles({ ...request, revision: sha })) if (entry.type === 'file') listed.push(entry)
    const hub: Hub = {
      name,
      commit: sha,
      repository,
      snapshot: join(repository, 'snapshots', sha),
      patience,
      signal,
      async blob({ path }) {
        const found = await downloadFile({ ...request, path, revision: sha, xet: false })
        if (found === null) throw new UserError('hubFileLost', { name, file: path })
        return found
      },
    }
    checkKind(name, listed)
    makeFolder(hub.snapshot)
    makeFolder(join(repository, 'blobs'))
    const beside = listed.filter(({ path }) => BESIDE.test(path))
    for (const file of beside) await bringFile(hub, file)
    const weights = await checkModel(hub, listed, check)
    await checkDisk(hub, weights)

    const total = [...beside, ...weights].reduce((sum, { size }) => sum + size, 0)
    let before = beside.reduce((sum, { size }) => sum + size, 0)
    for (const file of weights) {
      await bringFile(hub, file, (bytes) => onProgress?.({ file: file.path, bytes: before + bytes, total }))
      before += file.size
    }
    writeFileAtomic(join(repository, 'refs', 'main'), sha)
    return hub.snapshot
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof HubApiError) throw refused(name, hubUrl, error)
    if (error instanceof InvalidApiResponseFormatError || error instanceof SyntaxError) {
      throw new UserError('hubOddAnswer', { address: hubUrl, reason: reasonOf(error) })
    }
    throw explained(name, hubUrl, unwritable(cache, error))
  }
}

/** Refuses a model by the names of its files. */
function checkKind(name: string, files: readonly ListFileEntry[]): void {
  const paths = files.map(({ path }) => path)
  const has = (file: string) => paths.includes(file)
  if (!has('config.json') && has('adapter_config.json')) throw new UserError('hubAdapter', { name })
  if (!has(WHOLE_WEIGHTS) && !has(SHARD_INDEX)) {
    const others = paths.filter((path) => /\.(bin|gguf|pt|pth|ckpt|onnx|h5|msgpack|safetensors)$/.test(path))
    if (others.length === 0) throw new UserError('hubNoSafetensors', { name })
    if (others.every((path) => path.endsWith('.gguf'))) throw new UserError('hubGguf', { name, file: others[0]! })
    throw new UserError('hubOtherWeights', { name, files: others.slice(0, 3), wanted: WHOLE_WEIGHTS })
  }
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    if (!has(file)) throw new UserError('hubLacksFile', { name, file })
  }
}

/**
 * Checks what can be told before the weights are downloaded: configuration, tokenizer, and the headers of the weights.
 * Returns the files of weights.
 */
async function checkModel(
  hub: Hub,
  listed: readonly ListFileEntry[],
  check: DownloadOptions['check'],
): Promise<ListFileEntry[]> {
  const { name, snapshot } = hub
  const configFile = join(snapshot, 'config.json')
  const config = parseModelConfig(configFile, (await readOptional(configFile)) ?? '')
  checkTokenizerFits(await loadTokenizer(snapshot), config)
  await check?.(config)
  const whole = listed.some(({ path }) => path === WHOLE_WEIGHTS)
  const index = join(snapshot, SHARD_INDEX)
  const shards = whole ? null : parseIndex(index, (await readOptional(index)) ?? '')
  const headers = new Map<string, SafetensorsHeader>()
  const weights: ListFileEntry[] = []
  for (const path of weightFiles(snapshot, shards)) {
    const file = listed.find((one) => join(snapshot, one.path) === path)
    if (file === undefined) throw new UserError('hubLacksFile', { name, file: basename(path) })
    headers.set(path, await readHeader(await headerSource(hub, file)))
    weights.push(file)
  }
  checkHeaders(snapshot, config, shards, headers)
  return weights
}

/** The bytes of a file on the hub, of which only the front is fetched; or of the blob in the cache. */
async function headerSource(hub: Hub, file: ListFileEntry): Promise<ByteSource> {
  const path = join(hub.snapshot, file.path)
  const { size } = file
  const blob = join(hub.repository, 'blobs', hashOf(file))
  const here = (await isHere(path, file)) ? path : (await isHere(blob, file)) ? blob : undefined
  const content = here === undefined ? await hub.blob(file) : await openAsBlob(here)
  let front: Uint8Array | undefined
  const fetched = async (begin: number, end: number) => {
    const bytes = new Uint8Array(end - begin)
    let at = 0
    for await (const piece of eachPiece(content.slice(begin, end), hub.patience, hub.signal)) {
      bytes.set(piece.subarray(0, bytes.length - at), at)
      at += piece.length
      if (at >= bytes.length) break
    }
    if (at < bytes.length) throw new UserError('downloadBrokeOff', { file: file.path, done: begin + at, size })
    return bytes
  }
  return {
    file: path,
    size,
    async read(begin, into) {
      front ??= await fetched(0, Math.min(FRONT, size))
      const end = begin + into.length
      into.set(end <= front.length ? front.subarray(begin, end) : await fetched(begin, end))
    },
  }
}

/** @throws UserError if the disk has no room for the files that are still missing. */
async function checkDisk({ name, repository }: Hub, files: readonly ListFileEntry[]): Promise<void> {
  const blobs = join(repository, 'blobs')
  let missing = 0
  for (const file of files) {
    const hash = hashOf(file)
    if (await isHere(join(blobs, hash), file)) continue
    const [begun] = leftOf(blobs, hash)
    missing += file.size - (begun === undefined ? 0 : Math.min(file.size, (await stat(begun)).size))
  }
  const { bavail, bsize } = await statfs(blobs)
  const free = bavail * bsize
  if (free < missing) {
    const shown = (bytes: number) => (missing < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`)
    throw new UserError('hubDiskShort', { name, folder: repository, free: shown(free), needed: shown(missing) })
  }
}

function hashOf(file: ListFileEntry): string {
  const hash = file.lfs?.oid ?? file.oid ?? ''
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new UserError('hubNoHash', { file: file.path })
  return hash
}

/** Whether a file, or what a link leads to, is there with all its bytes, and not damaged as far as its form tells. */
async function isHere(path: string, { path: name, size }: ListFileEntry): Promise<boolean> {
  return (await stat(path).catch(() => null))?.size === size && isWhole(path, name)
}

/** Makes a file of the snapshot. Downloads its blob if it is missing. */
async function bringFile(hub: Hub, file: ListFileEntry, tell: (bytes: number) => void = () => {}): Promise<void> {
  const pointer = join(hub.snapshot, file.path)
  const hash = hashOf(file)
  const blobs = join(hub.repository, 'blobs')
  const place = join(blobs, hash)
  if (!(await isHere(pointer, file))) {
    if (!(await isHere(place, file))) await bringBlob(hub, file, hash, tell)
    await link(place, pointer)
  }
  tell(file.size)
}

/** Makes the link from a snapshot to a blob; a copy where the file system has no links. */
async function link(blob: string, pointer: string): Promise<void> {
  const made = unfinished(dirname(pointer), basename(pointer))
  try {
    await symlink(join('..', '..', 'blobs', basename(blob)), made).catch(() => copyFile(blob, made))
    await rename(made, pointer)
  } finally {
    finished(made)
  }
}

/**
 * Downloads a blob. Each process writes a file of its own, so that several can download one model at a time. What a
 * process that has ended left of the blob is continued.
 */
async function bringBlob(hub: Hub, file: ListFileEntry, hash: string, tell: (bytes: number) => void): Promise<void> {
  const blobs = join(hub.repository, 'blobs')
  const partial = unfinished(blobs, hash)
  try {
    for (const left of leftOf(blobs, hash)) {
      // Of several processes that want to continue it, one succeeds.
      const taken = await rename(left, partial).then(
        () => true,
        () => false,
      )
      if (taken) break
    }
    await fetchInto(partial, file, hash, () => hub.blob(file), tell, hub)
    await rename(partial, join(blobs, hash))
  } finally {
    finished(partial)
  }
}

/** What processes that have ended, and earlier attempts of this one, left of a blob. */
function leftOf(blobs: string, hash: string): string[] {
  return leftIn(blobs, 'tmp').filter((path) => basename(path).startsWith(hash.slice(0, 40)))
}

/** Downloads the rest of a file. A complete file with a wrong hash is removed, so that the next attempt begins anew. */
async function fetchInto(
  partial: string,
  file: ListFileEntry,
  wanted: string,
  blob: () => Promise<Blob>,
  tell: (bytes: number) => void,
  { patience, signal }: Pick<Hub, 'patience' | 'signal'>,
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
  if (at > file.size || hash.digest('hex') !== wanted) {
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
function patient(from: typeof fetch, patience: number, signal: AbortSignal | undefined): typeof fetch {
  return async (input, init) => {
    const late = new AbortController()
    const timer = setTimeout(
      () => late.abort(new TooLate(message('hubNoAnswer', { milliseconds: patience }))),
      patience,
    )
    const signals = [late.signal, ...(signal === undefined ? [] : [signal])]
    try {
      return await from(input, { ...init, signal: AbortSignal.any(signals) })
    } finally {
      clearTimeout(timer)
    }
  }
}

/**
 * fetch with the user's token, for the hub's own address alone. fetch itself drops the token when the hub sends it on to
 * another host.
 */
function loggedIn(hubUrl: string): typeof fetch {
  const token = hubToken()
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const headers = new Headers(init?.headers)
    if (token !== null && url.origin === new URL(hubUrl).origin) headers.set('Authorization', `Bearer ${token}`)
    const answer = await proxiedFetch(input, { ...init, headers })
    // It says more than the status: whether there is no such model, or one with conditions.
    const code = answer.headers.get('X-Error-Code')
    if (code === 'GatedRepo') throw new UserError('hubGated', gatedModel(url, hubUrl))
    return answer
  }
}

/** The model of a request, and its page. */
function gatedModel({ pathname }: URL, hubUrl: string) {
  const [name = ''] = /[^/]+\/[^/]+(?=\/(?:resolve|tree|revision)\/|$)/.exec(pathname) ?? []
  return { name, page: `${hubUrl}/${name}` }
}

/** The error for an answer of the hub that is no success. */
function refused(name: string, hubUrl: string, { statusCode: status }: HubApiError): UserError {
  if (status === 401 || status === 403) {
    return hubToken() === null ? new UserError('hubForbidden', { name }) : new UserError('hubTokenRefused', { name })
  }
  if (status === 404) return new UserError('hubNoModel', { name })
  if (status === 407) return explained(name, hubUrl, new TypeError('407')) as UserError
  return new UserError('hubStatus', { status, name })
}

/** A UserError for a network error; any other error unchanged. */
function explained(name: string, hubUrl: string, error: unknown): unknown {
  const folder = `models/${name}`
  // If fetch gets no answer, it throws a TypeError.
  const reason = error instanceof TooLate ? error.reason : error instanceof TypeError ? reasonOfFetch(error) : undefined
  if (reason === undefined) return error
  const told = throughProxy(hubUrl, reason)
  if (hubUrl !== namedEndpoint()) return new UserError('hubUnreachable', { name, reason: told, folder })
  // fetch's words for the ports of other protocols, which it never asks.
  if (reason === 'bad port') return new UserError('hubEndpointWrong')
  return new UserError('hubUnreachable', {
    name,
    reason: message('byEndpoint', { address: hubUrl, reason: told }),
    folder,
  })
}
