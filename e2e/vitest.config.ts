import { defineConfig } from 'vitest/config'

/** Tests that take minutes, by their own commands: `npm run test:crash`. */
export default defineConfig({
  test: { include: ['e2e/**/*.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, maxWorkers: 1 },
})
