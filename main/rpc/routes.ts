/** The addresses for which the lab makes an answer. Every other address is a file of the window. */

import type * as Files from './files.ts'
import type { Exchange } from './files.ts'

/** The functions of files.ts that answer requests. */
type Answer = {
  [Name in keyof typeof Files]: (typeof Files)[Name] extends (exchange: Exchange, ...parts: string[]) => Promise<void>
    ? Name
    : never
}[keyof typeof Files]

export interface Route {
  readonly method: 'GET' | 'POST'
  /** Its groups are the arguments of the function that answers. */
  readonly path: RegExp
  /** The name of the function. Its file loads with the first request. */
  readonly answer: Answer
}

export const ROUTES: readonly Route[] = [
  { method: 'GET', path: /^\/pictures\/([^/]*)\/([^/]*)$/, answer: 'sendPicture' },
  { method: 'GET', path: /^\/tasks\/([^/]+)\.jpg$/, answer: 'sendTaskPicture' },
  { method: 'GET', path: /^\/exports\/([^/]*)\/([^/]*)$/, answer: 'sendExport' },
  { method: 'GET', path: /^\/studies\/([^/]*)\/([^/]*)$/, answer: 'sendStudyFile' },
  { method: 'GET', path: /^\/adapter\.zip$/, answer: 'sendAdapter' },
  { method: 'POST', path: /^\/imports\/([^/]*)\/([^/]*)\/preferences$/, answer: 'takePairs' },
  { method: 'POST', path: /^\/drops\/data$/, answer: 'recogniseDropped' },
  { method: 'POST', path: /^\/drops\/golden$/, answer: 'takeGolden' },
]
