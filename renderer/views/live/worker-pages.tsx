/** What the pages of another machine show. Pictures come from there only while this is on the screen. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SeenPage } from '../../../main/workers/looks.ts'
import { lab, useStream } from '../../api.ts'
import { Panel } from '../../parts/page.tsx'
import classes from './machines.module.css'

export function WorkerPages({ worker, machine }: { readonly worker: string; readonly machine: string }) {
  const { t } = useTranslation()
  const [pages, setPages] = useState<readonly SeenPage[]>([])
  useStream(() => lab.workers.look.subscribe({ worker }, { onData: setPages }), [worker])
  return (
    <Panel title={t('live.pagesOf', { machine })} note={t('live.pagesNote')}>
      {pages.length === 0 ? (
        <p className="soft">{t('live.noPages')}</p>
      ) : (
        <ul className={classes.seen}>
          {pages.map((page) => (
            <li key={page.id}>
              <Page page={page} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Page({ page: { task, seed, attempt, instruction, thought, action, jpeg } }: { readonly page: SeenPage }) {
  const { t } = useTranslation()
  return (
    <article aria-label={task}>
      <div className={classes.shown}>
        {jpeg !== null && <img src={`data:image/jpeg;base64,${jpeg}`} alt={t('live.picture', { task })} />}
      </div>
      <b className="cut">{task}</b>
      <p className="soft">{t('live.problem', { seed, attempt: attempt + 1 })}</p>
      <p>{instruction}</p>
      <p className="cut soft">{thought}</p>
      <p className="cut mono">{action}</p>
    </article>
  )
}
