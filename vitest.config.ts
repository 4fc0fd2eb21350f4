import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{app,main,models,bench,renderer,testing}/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: the browser and the engine's thread pool already use both.
    maxWorkers: 2,
  },
})
