/** A chart as a picture, in the colours in which it is shown. */

interface Labelled {
  readonly label: string
  readonly colour: string
  readonly dashed?: boolean
}

/** Pixels of the picture for each pixel of the screen, so that it can be printed. */
const DENSITY = 3
/** CSS pixels: around everything, of a line of text, of a name's stroke and the gaps beside it. */
const MARGIN = 16
const LINE = 20
const STROKE = 16
const GAP = 6
/** What a drawing gets from style sheets, which a picture does not have. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'stroke-width',
  'stroke-dasharray',
  'font-size',
] as const

/** The chart that is drawn in `drawing`, under its title and above the names of its lines. Throws where nothing is drawn. */
export async function pictureOf(drawing: Element, title: string, lines: readonly Labelled[]): Promise<Blob> {
  const svg = drawing.querySelector('svg.recharts-surface')
  if (!(svg instanceof SVGSVGElement)) throw new Error('nothing is drawn')
  const { width, height } = svg.getBoundingClientRect()
  const styles = getComputedStyle(drawing)
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')!
  const write = (font: string, colour: string) => {
    context.font = `${font} ${styles.fontFamily}`
    context.fillStyle = colour
    context.textBaseline = 'middle'
  }
  write('12px', '#000')
  const legend = legendOf(lines, width, (text) => context.measureText(text).width)
  const size = [width + 2 * MARGIN, 2 * MARGIN + LINE + GAP + height + legend.rows * LINE] as const
  canvas.width = DENSITY * size[0]
  canvas.height = DENSITY * size[1]
  context.scale(DENSITY, DENSITY)
  context.fillStyle = styles.getPropertyValue('--card')
  context.fillRect(0, 0, ...size)
  write('600 14px', styles.getPropertyValue('--ink'))
  context.fillText(title, MARGIN, MARGIN + LINE / 2, width)
  const top = MARGIN + LINE + GAP
  context.drawImage(await imageOf(svg, width, height), MARGIN, top, width, height)
  for (const { label, colour, dashed = false, x, row } of legend.places) {
    const y = top + height + (row + 0.5) * LINE
    context.strokeStyle = plainColour(drawing, colour)
    context.lineWidth = 2.5
    context.setLineDash(dashed ? [5, 4] : [])
    context.beginPath()
    context.moveTo(MARGIN + x, y)
    context.lineTo(MARGIN + x + STROKE, y)
    context.stroke()
    write('12px', styles.getPropertyValue('--soft'))
    context.fillText(label, MARGIN + x + STROKE + GAP, y)
  }
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob === null ? fail(new Error('the picture is too large')) : done(blob)), 'image/png')
  })
}

/** Puts the names of lines into rows of this width. */
export function legendOf<L extends Labelled>(lines: readonly L[], width: number, widthOf: (text: string) => number) {
  let [x, row] = [0, 0]
  const places = lines.map((line) => {
    const own = STROKE + GAP + widthOf(line.label)
    if (x > 0 && x + own > width) [x, row] = [0, row + 1]
    const place = { ...line, x, row }
    x += own + 2 * GAP
    return place
  })
  return { places, rows: lines.length === 0 ? 0 : row + 1 }
}

/** The drawing as an image that needs nothing of the page. */
async function imageOf(svg: SVGSVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const originals = [...svg.querySelectorAll('*')]
  for (const [at, element] of [...copy.querySelectorAll('*')].entries()) {
    const computed = getComputedStyle(originals[at]!)
    for (const name of STYLES) element.setAttribute(name, computed.getPropertyValue(name))
  }
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  copy.setAttribute('font-family', 'system-ui, sans-serif')
  const image = new Image()
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await image.decode()
  return image
}

/** A colour such as `var(--chosen)` as the page shows it. */
function plainColour(within: Element, colour: string): string {
  const probe = document.createElement('i')
  probe.style.color = colour
  within.append(probe)
  const shown = getComputedStyle(probe).color
  probe.remove()
  return shown
}
