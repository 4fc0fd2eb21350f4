/** Adapters travel through the queue's server by the SHA-256 of their two files, and a worker keeps those that it has read. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { weightsFile } from '../engine/adapter/identity.ts'
import { writeFileAtomic } from '../files/file.ts'
import { UserError } from '../messages/error.ts'
import type { PolicyKey } from './protocol.ts'
import type { Server } from './server.ts'

/** The most bytes of a file: what a value of Redis may have. */
const MOST_BYTES = 512 << 20
/** How long a file stays on the server when no lab renews it, in seconds. */
const STAYS = 3_600
/** How many adapters a worker keeps. */
const KEPT = 16

const CONFIG = 'adapter_config.json'

/** The hashes of an adapter's files. Throws UserError where one is missing or too long for the server. */
export function policyKey(folder: string): PolicyKey {
  const [config, weights] = filesOf(folder).map((file) => sha256(readFileSync(file)))
  return { config: config!, weights: weights! }
}

/** Puts an adapter's files on the server, or renews them there. */
export async function offerPolicy({ redis, key }: Server, policy: PolicyKey, folder: string): Promise<void> {
  const [config, weights] = filesOf(folder)
  for (const [hash, file] of [
    [policy.config, config!],
    [policy.weights, weights!],
  ] as const) {
    const there = await redis.expire(key('file', hash), STAYS)
    if (there === 0) await redis.set(key('file', hash), readFileSync(file), 'EX', STAYS)
  }
}

/** The folder of an adapter: one of `cache`, or fetched from the server. Throws UserError where the server has it no more. */
export async function fetchPolicy(server: Server, policy: PolicyKey, cache: string): Promise<string> {
  const folder = join(cache, sha256(Buffer.from(`${policy.config} ${policy.weights}`)))
  if (!isWhole(folder, policy)) {
    writeFileAtomic(join(folder, 'adapter_model.safetensors'), await fetched(server, policy.weights))
    writeFileAtomic(join(folder, CONFIG), await fetched(server, policy.config))
  }
  const now = new Date()
  utimesSync(folder, now, now)
  forgetOld(cache, folder)
  return folder
}

function filesOf(folder: string): string[] {
  const files = [join(folder, CONFIG), weightsFile(folder)]
  for (const file of files) {
    const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (bytes > MOST_BYTES) throw new UserError('policyTooLarge', { file, most: MOST_BYTES >> 20 })
  }
  return files
}

function isWhole(folder: string, policy: PolicyKey): boolean {
  return existsSync(join(folder, CONFIG)) && JSON.stringify(policyKey(folder)) === JSON.stringify(policy)
}

async function fetched({ redis, key, address }: Server, hash: string): Promise<Buffer> {
  const bytes = (await redis.strlen(key('file', hash))) > MOST_BYTES ? null : await redis.getBuffer(key('file', hash))
  if (bytes === null || sha256(bytes) !== hash)
    throw new UserError('policyMissing', { address, hash: hash.slice(0, 12) })
  return bytes
}

/** Removes the adapters that were not used for the longest time, but for `used`: a clock that was set back makes all others seem newer. */
function forgetOld(cache: string, used: string): void {
  const folders = readdirSync(cache)
    .map((name) => join(cache, name))
    .filter((folder) => folder !== used)
  const ages = new Map(folders.map((folder) => [folder, statSync(folder).mtimeMs]))
  for (const old of folders.sort((a, b) => ages.get(b)! - ages.get(a)!).slice(KEPT - 1)) {
    rmSync(old, { recursive: true, force: true })
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
