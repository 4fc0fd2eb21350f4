/** What the environment says about the Hugging Face Hub, read as its Python client huggingface_hub reads it. */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../messages/error.ts'
import { reasonOf } from '../../messages/reason.ts'

/** The hub's address. @throws UserError as namedEndpoint does. */
export function hubEndpoint(): string {
  return namedEndpoint() ?? 'https://huggingface.co'
}

/** The address of HF_ENDPOINT; null if it names none. @throws UserError if it is not an address of http or https. */
export function namedEndpoint(): string | null {
  const address = variable('HF_ENDPOINT')?.trim().replace(/\/+$/, '') || null
  if (address === null) return null
  const url = /^https?:\/\/[^/]/i.test(address) ? URL.parse(address) : null
  // The paths of requests are put behind it, and fetch takes no password in an address.
  if (url === null || `${url.username}${url.password}${url.search}${url.hash}` !== '')
    throw new UserError('hubEndpointWrong')
  return address
}

/** The cache folder of models from the hub. */
export function huggingFaceCache(): string {
  return place('HF_HUB_CACHE') ?? place('HUGGINGFACE_HUB_CACHE') ?? join(huggingFaceHome(), 'hub')
}

function huggingFaceHome(): string {
  return place('HF_HOME') ?? join(variable('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface')
}

/** The variable that forbids downloads; null if they are allowed. */
export function offlineBy(): string | null {
  const name = variable('HF_HUB_OFFLINE') === undefined ? 'TRANSFORMERS_OFFLINE' : 'HF_HUB_OFFLINE'
  return isTrue(variable(name)) ? name : null
}

/**
 * The token of the user who is logged in: that of HF_TOKEN, or of the file in which `hf auth login` keeps it. null if there
 * is none, or none may be used without being asked for.
 * @throws UserError if the file cannot be read, or holds something else. It never shows the token.
 */
export function hubToken(): string | null {
  if (isTrue(variable('HF_HUB_DISABLE_IMPLICIT_TOKEN'))) return null
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const named = clean(name, variable(name) ?? '')
    if (named !== null) return named
  }
  const file = place('HF_TOKEN_PATH') ?? join(huggingFaceHome(), 'token')
  if (!existsSync(file)) return null
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError('fileUnreadable', { file, reason: reasonOf(error) })
  }
  return clean(file, text)
}

/** A token without the line ends and blanks that files and copies have around it; null if nothing is left. */
function clean(source: string, text: string): string | null {
  const token = text.replace(/[\r\n]/g, '').trim()
  // Anything else cannot stand in a header, and fetch would show it in its error.
  if (!/^[!-~]*$/.test(token)) throw new UserError('hubTokenWrong', { source })
  return token === '' ? null : token
}

/** A folder or file that a variable names, with ~ and $NAME in it. */
function place(name: string): string | undefined {
  return variable(name)
    ?.replace(/^~(?=\/|$)/, homedir())
    .replace(/\$(?:(\w+)|\{([^}]+)\})/g, (whole, plain, braced) => process.env[plain ?? braced] ?? whole)
}

/** A variable's value; undefined if it is unset or empty. */
function variable(name: string): string | undefined {
  return process.env[name] || undefined
}

function isTrue(value = ''): boolean {
  return ['1', 'on', 'yes', 'true'].includes(value.toLowerCase())
}
