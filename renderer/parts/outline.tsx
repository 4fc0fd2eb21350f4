/** The frame around the element that the agent acts on, over a picture of its page. */
import type { Box } from '../../main/store/episode.ts'
import { percent } from './figures.ts'
import classes from './outline.module.css'

interface Props {
  readonly box: Box
  /** Size of the part of the page that the picture shows, in CSS pixels of the page. */
  readonly width: number
  readonly height: number
}

export function Outline({ box, width, height }: Props) {
  const style = {
    left: `${percent(box.x / width, 2)}%`,
    top: `${percent(box.y / height, 2)}%`,
    width: `${percent(box.width / width, 2)}%`,
    height: `${percent(box.height / height, 2)}%`,
  }
  return <i className={classes.outline} style={style} />
}
