/** Sends the window's built files. */
import { createReadStream, realpathSync, statSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'
import { message } from '../messages/message.ts'
import { reply } from './reply.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Sends a file of `folder`, compressed where the build has a compressed copy and `takesGzip`. A path without an
 * extension is a view of the window and gets index.html. A path that does not exist or leads out of the folder gets
 * 404.
 */
export function sendStatic(folder: string, pathname: string, takesGzip: boolean, response: ServerResponse): void {
  const name = extname(pathname) === '' ? '/index.html' : pathname
  const file = fileWithin(folder, name)
  if (file === undefined) {
    if (name === '/index.html') reply(response, 503, message('windowNotBuilt'))
    else reply(response, 404, message('noSuchFile'))
    return
  }
  // Vite puts a hash of the content into the name of every asset.
  const kept = pathname.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-store'
  const type = TYPES[extname(file)] ?? 'application/octet-stream'
  const packed = fileWithin(folder, `${name}.gz`)
  if (packed !== undefined) response.setHeader('Vary', 'Accept-Encoding')
  if (packed !== undefined && takesGzip) response.setHeader('Content-Encoding', 'gzip')
  const sent = takesGzip ? (packed ?? file) : file
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': statSync(sent).size, 'Cache-Control': kept })
  createReadStream(sent)
    .on('error', () => response.destroy())
    .pipe(response)
}

/** The file at a path inside a folder; undefined where there is none, or where links lead out of the folder. */
function fileWithin(folder: string, pathname: string): string | undefined {
  try {
    const root = realpathSync(folder)
    const file = realpathSync(join(root, decodeURIComponent(pathname)))
    return file.startsWith(root + sep) && statSync(file).isFile() ? file : undefined
  } catch {
    return undefined
  }
}
