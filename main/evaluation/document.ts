/** The frame of a report's page. */
import { type Html, html } from './html.ts'
import { STYLE } from './style.ts'

/** A whole document, which loads nothing and runs nothing. Its pictures are within it. */
export function htmlDocument(title: string, body: Html, language = 'en'): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${html`<title>${title} · DPO-Driver</title>`.markup}
<style>${STYLE}</style>
</head>
<body>
${body.markup}
</body>
</html>
`
}
