/** Builds the window: `npm run build:renderer` writes renderer/dist, which app/web.ts serves. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/**
 * Writes a compressed copy beside every text file. Through an SSH tunnel, loading the window's megabyte is the slowest
 * part.
 */
const packed: Plugin = {
  name: 'packed',
  writeBundle({ dir = '' }) {
    const assets = join(dir, 'assets')
    for (const name of readdirSync(assets).filter((one) => /\.(js|css)$/.test(one))) {
      writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }))
    }
  },
}

/**
 * Makes the page request the default view at once. Otherwise the browser learns of it only when the program runs, and
 * the first paint waits for another round of requests.
 */
const firstView: Plugin = {
  name: 'first-view',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
      const named = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
      /** A chunk and everything that it imports. */
      const whole = (name: string, seen = new Set<string>()): Set<string> => {
        if (seen.has(name)) return seen
        seen.add(name)
        for (const next of named.get(name)?.imports ?? []) whole(next, seen)
        return seen
      }
      const view = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('views/pipeline/pipeline.tsx'))
      const entry = chunks.find(({ isEntry }) => isEntry)
      if (view === undefined || entry === undefined) throw new Error('The first view has no chunk of its own.')
      const there = whole(entry.fileName)
      const missing = [...whole(view.fileName)].filter((name) => !there.has(name))
      return missing.map((name) => ({
        tag: 'link',
        attrs: { rel: 'modulepreload', crossorigin: true, href: `./${name}` },
        injectTo: 'head' as const,
      }))
    },
  },
}

export default defineConfig({
  root: import.meta.dirname,
  // Relative paths, so that the files work at any address.
  base: './',
  plugins: [react(), packed, firstView],
  build: {
    target: 'chrome140',
    // One style sheet for all views: a view that is opened later must not move what is already drawn.
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
})
