/** Builds the window: `npm run build:renderer` writes renderer/dist, which app/web.ts serves. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** Leaves a packed copy beside every file of text: through a tunnel, the window's megabyte is what one waits for. */
const packed: Plugin = {
  name: 'packed',
  writeBundle({ dir = '' }) {
    const assets = join(dir, 'assets')
    for (const name of readdirSync(assets).filter((one) => /\.(js|css)$/.test(one))) {
      writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name)), { level: 9 }))
    }
  },
}

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the same files work under whatever address serves them.
  base: './',
  plugins: [react(), packed],
  build: {
    target: 'chrome140',
    // One sheet for all views: a page that is opened later must not move what is already there.
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
})
