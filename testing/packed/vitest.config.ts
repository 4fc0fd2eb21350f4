import { defineConfig } from 'vitest/config'

/** `npm run test:packed`. It is no part of `npm test`, because packing copies ten thousand files. */
export default defineConfig({
  test: { include: ['testing/packed/*.spec.ts'], testTimeout: 600_000, hookTimeout: 600_000 },
})
