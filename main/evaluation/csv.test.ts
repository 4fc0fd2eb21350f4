import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test('fields are quoted where they must be, and numbers stay numbers', () => {
  expect(csvLine(['a,b', 'say "so"', 'two\nlines', null, -1.5])).toBe('"a,b","say ""so""","two\nlines",,-1.5\r\n')
})

test('no text is a formula', () => {
  expect(csvLine(['=1+1', '+1', '-1', '@name', '\t=1', 'a=b'])).toBe("'=1+1,'+1,'-1,'@name,'\t=1,a=b\r\n")
})
