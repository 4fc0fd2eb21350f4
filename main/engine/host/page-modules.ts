/**
 * The modules of a host program for a page: the project's own TypeScript without its types, and the packages that it
 * imports. Nothing has to be built, and no server listens: the page's requests are answered over the DevTools protocol.
 */
import { existsSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROGRAM_ROOT } from '../../files/paths.ts'

/** An address that leads nowhere. By its scheme, the page may use WebGPU. */
export const ORIGIN = 'https://engine.invalid'
/** The packages that host programs import. */
const PACKAGES = ['zod', 'i18next']
/** Nothing from elsewhere, and nothing in the page but its modules. */
const POLICY = `default-src 'none'; script-src ${ORIGIN} 'unsafe-inline'`

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Answers a page's request by its address, for a program by its path from the project's root. */
export function answerModule(url: string, program: string): Answer {
  const { origin, pathname } = new URL(url)
  if (origin !== ORIGIN) return MISSING
  if (pathname === '/') return { status: 200, contentType: 'text/html', body: document(program) }
  const path = pathname.slice(1)
  const isOwn = /^(main|testing)\/[\w./-]+\.ts$/.test(path) && !path.includes('..')
  const isPackage = PACKAGES.some((name) => path.startsWith(`node_modules/${name}/`)) && /\.m?js$/.test(path)
  const file = join(PROGRAM_ROOT, path)
  if (!(isOwn || isPackage) || path.includes('..') || !existsSync(file)) return MISSING
  const text = readFileSync(file, 'utf8')
  return { status: 200, contentType: 'text/javascript', body: isOwn ? stripTypeScriptTypes(text) : text }
}

const MISSING: Answer = { status: 404, contentType: 'text/plain', body: '' }

function document(program: string): string {
  const imports = Object.fromEntries(
    PACKAGES.map((name) => {
      const file = relative(PROGRAM_ROOT, fileURLToPath(import.meta.resolve(name)))
      return [name, `/${file.split(sep).join('/')}`]
    }),
  )
  return `<!doctype html>
<meta http-equiv="content-security-policy" content="${POLICY}">
<input type="file">
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module" src="/${program}"></script>`
}
