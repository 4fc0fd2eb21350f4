/** The frame of a view: its title, its actions, and its content. */
import type { ReactNode } from 'react'
import classes from './page.module.css'

interface Props {
  readonly title: string
  /** Shown beside the title: what the view is about. */
  readonly about?: ReactNode
  readonly actions?: ReactNode
  /** Whether the view fills the window and its parts scroll, instead of the page. */
  readonly fill?: boolean
  readonly children: ReactNode
}

export function Page({ title, about, actions, fill = false, children }: Props) {
  return (
    <div className={classes.page} data-fill={fill || undefined}>
      <div className={classes.head}>
        <h1 className={classes.title} tabIndex={-1}>
          {title}
        </h1>
        <div className={classes.about}>{about}</div>
        <div className={classes.actions}>{actions}</div>
      </div>
      {children}
    </div>
  )
}

/** A titled card. */
export function Panel({
  id,
  title,
  note,
  actions,
  children,
  flush = false,
}: {
  /** The id by which `reveal` finds the panel. */
  readonly id?: string
  readonly title: string
  /** A line under the title that says how to read the panel. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Whether the content reaches the panel's edges, as tables and lists do. */
  readonly flush?: boolean
}) {
  return (
    <section id={id} className={`card ${classes.panel}`} aria-label={title}>
      <div className={classes.panelHead}>
        <div>
          <h2 className={classes.panelTitle} tabIndex={-1}>
            {title}
          </h2>
          {note !== undefined && <div className={classes.note}>{note}</div>}
        </div>
        {actions}
      </div>
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  )
}
