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

/** Files that most starts need, and that the browser would learn of only when the program runs. */
const FIRST = ['views/pipeline/pipeline.tsx', 'renderer/i18n/en.ts', 'main/messages/en.ts']

/** Makes the page request the first view and its words at once. Otherwise the first paint waits for more requests. */
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
      const entry = chunks.find(({ isEntry }) => isEntry)
      const first = chunks.filter(({ facadeModuleId }) => FIRST.some((name) => facadeModuleId?.endsWith(name)))
      if (entry === undefined || first.length < FIRST.length) throw new Error('The first view has no chunk of its own.')
      const there = whole(entry.fileName)
      const wanted = new Set(first.flatMap(({ fileName }) => [...whole(fileName)]))
      return [...wanted]
        .filter((name) => !there.has(name))
        .map((name) => ({
          tag: 'link',
          attrs: { rel: 'modulepreload', crossorigin: true, href: `./${name}` },
          injectTo: 'head' as const,
        }))
    },
  },
}

/** The charts and the libraries that they alone need: half of all code, and the first view has none. */
const OF_CHARTS =
  /parts.curve|node_modules.(recharts|d3-|victory|decimal|@reduxjs|immer|reselect|redux|react-redux|es-toolkit|eventemitter3)/

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
    rolldownOptions: {
      output: {
        // What several views share is one file, because a request costs more than the bytes that a view does not need.
        codeSplitting: { groups: [{ name: 'shared', minShareCount: 2, test: (id) => !OF_CHARTS.test(id) }] },
      },
    },
  },
})
