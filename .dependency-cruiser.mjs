// dependency-cruiser looks for SWC by itself, and passes over every TypeScript file without a word of failure where it is
// not installed. This import fails instead.
import '@swc/core'

/**
 * Which way imports go. `npm run check` reads this with dependency-cruiser: https://github.com/sverweij/dependency-cruiser
 *
 * The rooms stand in order, the highest first. A file imports from its own room and from rooms on lower lines, never from
 * a higher line or a neighbour on its own. Tests may import from everywhere. What ships stands below `testing`, so it
 * cannot import a test double.
 */
const ROOMS = [
  ['e2e', 'bench'],
  ['testing'],
  ['models', 'app'],
  ['renderer'],
  ['main/rpc'],
  ['main/study'],
  ['main/live', 'main/jobs'],
  ['main/lab'],
  ['main/commands'],
  ['main/tracking'],
  ['main/adapters', 'main/exports', 'main/imports'],
  ['main/pipeline'],
  ['main/capacity'],
  ['main/evaluation'],
  ['main/workers'],
  ['main/preferences', 'main/training'],
  ['main/agent'],
  ['main/environment', 'main/engine'],
  ['main/chromium'],
  ['main/store'],
  ['main/config'],
  ['main/files', 'main/network'],
  ['main/messages'],
]

/** What the window may import as code. Of everything else in `main` it takes types only. */
const SHARED_WITH_THE_WINDOW = [
  'main/adapters/forms',
  'main/config/nearest',
  'main/config/task-name',
  'main/messages',
  'main/evaluation/arms',
  'main/evaluation/csv',
  'main/evaluation/figures',
  'main/evaluation/study/words',
  'main/evaluation/ticks',
  'main/evaluation/training-clock',
  'main/evaluation/verdict',
  'main/store/episode',
]

const TEST = '\\.(test|spec)\\.tsx?$'
const SQLITE = '^(node:)?sqlite$'
const PUPPETEER = '^node_modules/puppeteer-core/'

/** A pattern for all files of some rooms; a room is a folder or a file. */
const files = (rooms) => `^(${rooms.join('|')})[/.]`

export default {
  forbidden: [
    ...ROOMS.flatMap((line, at) =>
      line.map((room) => ({
        name: `${room} imports upward`,
        comment: 'A room imports only from rooms on lower lines; the order is in .dependency-cruiser.mjs.',
        severity: 'error',
        from: { path: files([room]), pathNot: TEST },
        to: { path: files(ROOMS.slice(0, at + 1).flat()), pathNot: files([room]) },
      })),
    ),
    {
      name: 'no circles',
      comment: 'Two files that import each other cannot be read one after the other: move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'the window takes types only',
      comment: 'The window is built for a browser: of main/ it imports types, or modules that are listed as shared.',
      severity: 'error',
      from: { path: files(['renderer']), pathNot: TEST },
      to: { path: '^main/', pathNot: files(SHARED_WITH_THE_WINDOW), dependencyTypesNot: ['type-only'] },
    },
    {
      name: "the database is the store's own",
      comment: 'All SQL stands in main/store: ask a subject of the store, or add a method to it.',
      severity: 'error',
      from: { pathNot: '^main/store/' },
      to: { path: '^main/store/(database|page|migrations)\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: "SQLite is the store's own",
      comment:
        'All SQL stands in main/store: ask a subject of the store, or add a method to it. Tests read it their own way.',
      severity: 'error',
      from: { pathNot: ['^main/store/', '^testing/', TEST] },
      to: { path: SQLITE },
    },
    {
      name: 'puppeteer comes with the first page',
      comment:
        "Its two hundred files take a sixth of the lab's start: import it where a page is opened, with import().",
      severity: 'error',
      from: { path: files(['app', 'main']), pathNot: TEST },
      to: { path: PUPPETEER, dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'a test is imported',
      comment: 'A test is imported by nothing: move what others need into a file of its own.',
      severity: 'error',
      from: {},
      to: { path: TEST },
    },
    ...[
      { from: { path: '^main/', pathNot: files(ROOMS.flat()) }, to: {} },
      { from: {}, to: { path: '^main/', pathNot: files(ROOMS.flat()) } },
    ].map((ends) => ({
      name: 'a room without a place',
      comment: 'A new room needs its place in the order in .dependency-cruiser.mjs.',
      severity: 'error',
      ...ends,
    })),
  ],
  options: {
    // TypeScript 7 has no compiler that other programs could call, so SWC reads the sources.
    parser: 'swc',
    doNotFollow: { path: '^node_modules/' },
    includeOnly: ['^(app|bench|e2e|main|models|renderer|testing)/', SQLITE, PUPPETEER],
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'] },
  },
}
