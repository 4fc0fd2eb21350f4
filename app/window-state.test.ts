import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readWindowState, writeWindowState } from './window-state.ts'

const path = join(mkdtempSync(join(tmpdir(), 'window-')), 'window.json')
const DISPLAY = { x: 0, y: 0, width: 1920, height: 1080 }
const DEFAULT = { bounds: null, maximized: false, port: 0 }

test('a stored state is read back; without a file there is the default', () => {
  expect(readWindowState(path, [DISPLAY])).toEqual(DEFAULT)
  const state = { bounds: { x: -50, y: 10, width: 1200, height: 800 }, maximized: true, port: 4321 }
  writeWindowState(path, state)
  expect(readWindowState(path, [DISPLAY])).toEqual(state)
})

test('a window on a removed display gets a new position', () => {
  writeWindowState(path, { bounds: { x: 1900, y: 10, width: 1200, height: 800 }, maximized: false, port: 1 })
  expect(readWindowState(path, [DISPLAY])).toEqual({ ...DEFAULT, port: 1 })
  const second = { x: 1920, y: 0, width: 1280, height: 1024 }
  expect(readWindowState(path, [DISPLAY, second]).bounds).toMatchObject({ x: 1900 })
})

test.each(['', '{', '[]', '{"port": 99999}', '{"bounds": {"x": "left"}}'])('%j gives the default', (text) => {
  writeFileSync(path, text)
  expect(readWindowState(path, [DISPLAY])).toEqual(DEFAULT)
})
