/** Builds the window: `npm run build:renderer` writes renderer/dist, which app/web.ts serves. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Relative, so that the same files work under whatever address serves them.
  base: './',
  plugins: [react()],
  build: {
    target: 'chrome140',
    // One sheet for all views: a page that is opened later must not move what is already there.
    cssCodeSplit: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
})
