/**
 * Every way into the lab, listed. Whoever adds one adds it here, and sees whether strangers are kept out: the lab of this
 * test never loads, so a request that passes the guard gets no answer.
 */
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { PROJECT_ROOT } from '../files/paths.ts'
import { labRouter } from './router.ts'
import { ROUTES } from './routes.ts'
import { type LabServer, startServer } from './server.ts'
import type { Context } from './trpc.ts'

const ANSWERS = [
  'GET sendPicture',
  'GET sendTaskPicture',
  'GET sendExport',
  'GET sendStudyFile',
  'GET sendAdapter',
  'POST takePairs',
  'POST recogniseDropped',
  'POST takeGolden',
]
const PATHS = [
  '/pictures/1/0',
  '/tasks/click-button.jpg',
  '/exports/1/report.html',
  '/studies/1/study.html',
  '/adapter.zip',
  '/imports/1/1/preferences',
  '/drops/data',
  '/drops/golden',
]
const PROCEDURES = [
  'adapters.compare',
  'adapters.list',
  'adapters.merge',
  'adapters.mergedFrom',
  'adapters.merging',
  'adapters.stopMerge',
  'adapters.use',
  'config.check',
  'config.edits',
  'config.form',
  'config.set',
  'desktop.choose',
  'desktop.present',
  'drops.recognise',
  'drops.useAdapter',
  'episodes.get',
  'episodes.groups',
  'episodes.list',
  'episodes.retake',
  'episodes.unsolved',
  'golden.delete',
  'golden.get',
  'golden.list',
  'golden.recordings',
  'golden.setThought',
  'job.again',
  'job.events',
  'job.forecast',
  'job.log',
  'job.resume',
  'job.retraining',
  'job.start',
  'job.state',
  'job.stop',
  'job.stopNow',
  'job.watch',
  'live.act',
  'live.control',
  'live.discard',
  'live.input',
  'live.next',
  'live.pace',
  'live.play',
  'live.policies',
  'live.record',
  'live.save',
  'live.sights',
  'live.state',
  'live.stop',
  'live.system',
  'live.takeOver',
  'live.undo',
  'metrics.arms',
  'metrics.curves',
  'metrics.follow',
  'models.list',
  'models.time',
  'pages.check',
  'pages.get',
  'pages.preview',
  'pages.save',
  'pages.start',
  'pairs.agreement',
  'pairs.doubt',
  'pairs.edit',
  'pairs.editMany',
  'pairs.exportTrl',
  'pairs.get',
  'pairs.history',
  'pairs.judge',
  'pairs.judgements',
  'pairs.list',
  'pairs.place',
  'pairs.redo',
  'pairs.rejudge',
  'pairs.review',
  'pairs.rounds',
  'pairs.score',
  'pairs.tasks',
  'pairs.tokens',
  'pairs.undo',
  'results.get',
  'results.markdown',
  'results.outcome',
  'results.outcomes',
  'results.problems',
  'results.runs',
  'results.soFar',
  'runs.compare',
  'runs.delete',
  'runs.deleted',
  'runs.edits',
  'runs.get',
  'runs.label',
  'runs.latestStages',
  'runs.list',
  'runs.restore',
  'runs.stages',
  'runs.tag',
  'runs.values',
  'status.get',
  'status.memory',
  'studies.arrange',
  'studies.cancel',
  'studies.create',
  'studies.curves',
  'studies.delete',
  'studies.get',
  'studies.list',
  'studies.markdown',
  'studies.order',
  'studies.preview',
  'studies.restore',
  'studies.result',
  'studies.setState',
  'studies.work',
  'tasks.get',
  'tasks.list',
  'tasks.soFar',
  'verify.getMiniwob',
  'verify.names',
  'verify.run',
  'workers.list',
  'workers.look',
]

/** What does not change the lab but keeps its machine busy. */
const WORKING = ['models.time', 'pages.check', 'pairs.tokens', 'verify.run']

let server: LabServer
const loading = Promise.withResolvers<never>()

beforeAll(async () => {
  const context = loading.promise
  server = await startServer({
    context,
    host: '127.0.0.1',
    port: 0,
    window: '/none',
    readOnly: true,
    onBug: () => {},
  })
})
afterAll(async () => {
  loading.reject(new Error('it never loads'))
  await server.close()
})

test('these are all addresses for which the lab makes an answer, and all procedures of its socket', () => {
  expect(ROUTES.map(({ method, answer }) => `${method} ${answer}`)).toEqual(ANSWERS)
  expect(ROUTES.map(({ path }, index) => path.test(PATHS[index]!))).toEqual(ROUTES.map(() => true))
  expect(Object.keys(labRouter._def.procedures).sort()).toEqual(PROCEDURES)
})

test.each([...PATHS, '/', '/pairs', '/assets/app.js', '/trpc', '/trpc/job.state', '/anything'])(
  '%s answers no stranger, with any method',
  async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      expect([method, await status(path, method, {})]).toEqual([method, 401])
      const origin = 'https://evil.example'
      expect([method, await status(path, method, { origin })]).toEqual([method, 403])
    }
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`)
    socket.on('error', () => {})
    const [, { statusCode }] = await once(socket, 'unexpected-response')
    expect(statusCode).toBe(401)
  },
)

test('whoever may only look gets no mutation, nothing that keeps the machine busy, and no request but GET and HEAD', async () => {
  const reader = labRouter.createCaller({ readOnly: true } as Context)
  const procedures = labRouter._def.procedures as unknown as Readonly<Record<string, { _def: { type: string } }>>
  const kinds = Object.entries(procedures).map(([name, { _def }]) => [name, _def.type] as const)
  expect(kinds.filter(([, type]) => type === 'mutation').length).toBeGreaterThan(40)
  for (const [name, type] of kinds) {
    if (type !== 'mutation' && !WORKING.includes(name)) continue
    const [group = '', procedure = ''] = name.split('.')
    const call = (reader as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>)[group]!
    await expect(call[procedure]!({}), name).rejects.toMatchObject({ cause: { messages: [{ id: 'readOnlyAddress' }] } })
  }
  const cookie = `dpo-driver-${server.port}=${new URL(server.readUrl ?? '').searchParams.get('token')}`
  for (const path of [...PATHS, '/', '/trpc/job.stop']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      expect([path, method, await status(path, method, { cookie })]).toEqual([path, method, 403])
    }
  }
  // Every other route only sends.
  expect(ROUTES.filter(({ method }) => method !== 'GET').map(({ answer }) => answer)).toEqual([
    'takePairs',
    'recogniseDropped',
    'takeGolden',
  ])
})

test('only this server listens for requests', () => {
  const sources = globSync('{app,main,renderer}/**/*.{ts,tsx,mjs}', { cwd: PROJECT_ROOT })
  expect(sources.length).toBeGreaterThan(200)
  const listening = sources.filter(
    (file) =>
      !/\.test\.ts$/.test(file) &&
      /\b(createServer|createSecureServer|WebSocketServer|createHTTPServer)\(/.test(
        readFileSync(`${PROJECT_ROOT}/${file}`, 'utf8'),
      ),
  )
  // app/mlflow.ts only asks the system for a free port, and profile.ts holds a socket file in a folder of its own.
  expect(listening.sort()).toEqual([
    'app/mlflow.ts',
    'main/chromium/profile.ts',
    'main/rpc/server.ts',
    'main/rpc/socket.ts',
  ])
})

function status(path: string, method: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((done, fail) => {
    request({ host: '127.0.0.1', port: server.port, path, method, headers }, (response) => {
      response.resume().on('end', () => done(response.statusCode))
    })
      .on('error', fail)
      .end()
  })
}
