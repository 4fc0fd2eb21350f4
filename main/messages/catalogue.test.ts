import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ENGLISH } from './en.ts'
import { CHINESE } from './zh.ts'

/** All sources, without tests and the catalogues. */
const SOURCES = ['main', 'app', 'renderer']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
  .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$|messages\/(en|zh)\.ts$/.test(file))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

/** Beginnings of ids that the code puts together: message(`failure.${reason}`). */
const PUT_TOGETHER = [...SOURCES.matchAll(/`([a-z]+\.)\${/g)].map(([, beginning = '']) => beginning)

test('every message of the catalogue is used', () => {
  const ids = new Set(Object.keys(ENGLISH).map((key) => key.replace(/_(one|other)$/, '')))
  const unsaid = [...ids].filter(
    (id) => !SOURCES.includes(`'${id}'`) && !PUT_TOGETHER.some((beginning) => id.startsWith(beginning)),
  )
  expect(unsaid).toEqual([])
})

test('no text ends in an ellipsis', () => {
  const quoted = /["“][^"”]*["”]/g
  const texts = [...Object.values(ENGLISH), ...Object.values(CHINESE)]
  expect(texts.filter((text) => /…|\.\.\./.test(text.replace(quoted, '')))).toEqual([])
})
