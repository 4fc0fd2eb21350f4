/** The tour's drawings. They repeat what the words beside them say, so screen readers skip them. */
import type { ReactNode } from 'react'
import classes from './drawings.module.css'

function Drawing({ children }: { readonly children: ReactNode }) {
  return (
    <svg viewBox="0 0 560 170" className={classes.drawing} aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

function Loop() {
  return (
    <Drawing>
      <rect x="40" y="35" width="170" height="100" rx="8" className={classes.box} />
      <rect x="58" y="57" width="88" height="12" rx="3" className={classes.quiet} />
      <rect x="58" y="81" width="62" height="22" rx="5" className={classes.button} />
      <rect x="130" y="81" width="62" height="22" rx="5" className={classes.target} />
      <rect x="330" y="35" width="190" height="100" rx="8" className={classes.box} />
      <text x="348" y="68" className={classes.text}>
        Thought: click meno
      </text>
      <text x="348" y="92" className={classes.text}>
        Action: click meno
      </text>
      <path d="M 214 70 H 322" className={classes.arrow} markerEnd="url(#head)" />
      <path d="M 326 104 H 218" className={classes.arrow} markerEnd="url(#head)" />
      <defs>
        <marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 L8 4 L0 8 z" className={classes.head} />
        </marker>
      </defs>
    </Drawing>
  )
}

function Stages() {
  return (
    <Drawing>
      <path d="M 60 78 H 500" className={classes.path} />
      <path d="M 390 96 C 390 140, 280 140, 280 96" className={classes.dashed} />
      {[60, 170, 280, 390, 500].map((x, i) => (
        <g key={x}>
          <circle cx={x} cy="78" r="20" className={i < 2 ? classes.full : classes.box} />
          <text x={x} y="83" textAnchor="middle" className={i < 2 ? classes.inverse : classes.text}>
            {i}
          </text>
        </g>
      ))}
    </Drawing>
  )
}

function Parting() {
  return (
    <Drawing>
      <path d="M 60 85 H 230" className={classes.path} />
      <path d="M 230 85 C 330 85, 320 40, 470 40" className={classes.chosen} />
      <path d="M 230 85 C 330 85, 320 130, 470 130" className={classes.rejected} />
      <circle cx="100" cy="85" r="8" className={classes.full} />
      <circle cx="165" cy="85" r="8" className={classes.full} />
      <circle cx="230" cy="85" r="8" className={classes.full} />
      <circle cx="482" cy="40" r="13" className={classes.chosenDot} />
      <path d="M 476 40 l 4 5 l 8 -9" className={classes.mark} />
      <circle cx="482" cy="130" r="13" className={classes.rejectedDot} />
      <path d="M 477 125 l 10 10 m 0 -10 l -10 10" className={classes.mark} />
    </Drawing>
  )
}

function OneButton() {
  return (
    <Drawing>
      <rect x="190" y="55" width="180" height="56" rx="9" className={classes.full} />
      <path d="M 226 72 L 226 94 L 244 83 z" className={classes.play} />
      <rect x="258" y="77" width="84" height="12" rx="4" className={classes.play} />
    </Drawing>
  )
}

/** The drawing of each step of the tour, in order. */
export const DRAWINGS = [Loop, Stages, Parting, OneButton] as const
