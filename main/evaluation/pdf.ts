/** The report as PDF. */

import { within } from '../chromium/fault.ts'
import { chromiumHost } from '../environment/browser.ts'

const LIMIT = 30_000
/** "3 / 7" at the foot of each page. The browser fills in the numbers. */
const FOOTER =
  '<div style="width: 100%; text-align: center; font: 8px sans-serif; color: #59636e"><span class="pageNumber"></span> / <span class="totalPages"></span></div>'

/** Prints the report's page as PDF, A4. Throws UserError if there is no browser, EnvironmentFault if it does not answer. */
export async function reportPdf(html: string): Promise<Uint8Array> {
  const host = chromiumHost()
  try {
    const page = await host.open()
    await within(LIMIT, 'loadReport', page.setContent(html, { waitUntil: 'load', timeout: 0 }))
    const margin = { top: '14mm', bottom: '14mm', left: '12mm', right: '12mm' }
    const paper = { format: 'A4', printBackground: true, margin, timeout: 0 } as const
    const pages = { displayHeaderFooter: true, headerTemplate: '<span></span>', footerTemplate: FOOTER }
    return await within(LIMIT, 'printReport', page.pdf({ ...paper, ...pages }))
  } finally {
    await host.close()
  }
}
