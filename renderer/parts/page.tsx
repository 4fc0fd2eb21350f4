/** The frame of a view: its title, what can be done there, and its content. */
import type { ReactNode } from 'react'
import classes from './page.module.css'

interface Props {
  readonly title: string
  /** Stands beside the title: what the view is about. */
  readonly about?: ReactNode
  readonly actions?: ReactNode
  /** Fill the window and let the parts scroll, instead of the page. */
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
  /** For what opens it from elsewhere: see `reveal`. */
  readonly id?: string
  readonly title: string
  /** A line under the title that says how to read what follows. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Let the content touch the edges: tables, lists. */
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
