/** A problem of a page that is being written, seed by seed, and whether the page makes a good task. */
import { ActionIcon, Button, Loader, NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Check, ChevronLeft, ChevronRight, CircleDot, CircleHelp, ListChecks, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PageCheck } from '../../../main/live/page-draft.ts'
import { lab } from '../../api.ts'
import { told, useSay } from '../../i18n/say.ts'
import { hrefOf } from '../../location.ts'
import { Panel } from '../../parts/page.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { Failure } from '../../shell/failure.tsx'
import classes from './page-editor.module.css'

interface Props {
  readonly name: string
  readonly html: string
  /** Whether the text is that of the saved page. */
  readonly isSaved: boolean
}

/** Milliseconds without a key until the page is shown anew. */
const PAUSE = 600
const LAST_SEED = 1_000_000

export function PagePreview({ name, html, isSaved }: Props) {
  const { t } = useTranslation()
  const say = useSay()
  const lock = useWriteLock()
  const [seed, setSeed] = useState(0)
  const [shown] = useDebouncedValue(html, PAUSE)
  const { data, error, isFetching } = useQuery({
    queryKey: ['pages', 'preview', name, shown, seed],
    queryFn: () => lab.pages.preview.mutate({ name, html: shown, seed }),
    enabled: lock.disabled !== true,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    // Each keeps a picture and the whole text.
    gcTime: 0,
  })
  return (
    <div className={classes.preview}>
      <Panel
        title={t('tasks.page.preview')}
        note={t('tasks.page.previewNote')}
        actions={
          <div className={classes.seed}>
            {isFetching && <Loader size={14} aria-label={t('app.loading')} />}
            <ActionIcon
              variant="default"
              size={30}
              disabled={seed === 0}
              aria-label={t('tasks.page.previousSeed')}
              onClick={() => setSeed(seed - 1)}
            >
              <ChevronLeft size={16} aria-hidden />
            </ActionIcon>
            <NumberInput
              size="xs"
              w={92}
              aria-label={t('live.seed')}
              prefix={`${t('tasks.page.seed')} `}
              min={0}
              max={LAST_SEED}
              allowDecimal={false}
              hideControls
              value={seed}
              onChange={(to) => typeof to === 'number' && setSeed(Math.min(LAST_SEED, Math.max(0, to)))}
            />
            <ActionIcon
              variant="default"
              size={30}
              disabled={seed === LAST_SEED}
              aria-label={t('tasks.page.nextSeed')}
              onClick={() => setSeed(seed + 1)}
            >
              <ChevronRight size={16} aria-hidden />
            </ActionIcon>
          </div>
        }
      >
        {lock.title !== undefined && <p className="soft">{lock.title}</p>}
        {error !== null ? (
          <p className={`rejected wrap ${classes.flaw}`} role="alert">
            {say(told(error))}
          </p>
        ) : (
          data !== undefined && (
            <div className={classes.problem} aria-busy={isFetching}>
              <img
                src={`data:image/jpeg;base64,${data.picture}`}
                alt={t('tasks.page.pictureOf', { instruction: data.instruction })}
              />
              <div>
                <h3>{t('tasks.page.instruction')}</h3>
                <p className="wrap">{data.instruction}</p>
                <h3>{t('tasks.page.reads')}</h3>
                <pre className="mono wrap">{data.page}</pre>
              </div>
            </div>
          )
        )}
      </Panel>
      <Checks name={name} html={html} isSaved={isSaved} />
    </div>
  )
}

function Checks({ name, html, isSaved }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const { check, start, cancel } = useCheck()
  const isOld = check !== null && check.html !== html
  return (
    <Panel
      title={t('tasks.page.checks')}
      note={t('tasks.page.checksNote')}
      actions={
        check?.state === 'running' ? (
          <Button size="xs" variant="default" leftSection={<Loader size={14} aria-hidden />} onClick={cancel}>
            {t('tasks.page.cancelCheck')}
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            leftSection={<ListChecks size={14} aria-hidden />}
            onClick={() => start({ name, html })}
            {...lock}
          >
            {t('tasks.page.check')}
          </Button>
        )
      }
    >
      <div aria-live="polite">
        {check?.state === 'running' && <p className="soft">{t('tasks.page.checking')}</p>}
        {check?.state === 'cancelled' && <p className="soft">{t('tasks.page.checkCancelled')}</p>}
        {check?.state === 'failed' && <Failure error={check.error} />}
        {check?.state === 'done' && (
          <ul className={classes.findings} data-old={isOld || undefined}>
            {check.found.map((one) => (
              <Finding key={one.name} check={one} />
            ))}
          </ul>
        )}
        {isOld && check.state === 'done' && <p className="soft">{t('tasks.page.changedSince')}</p>}
      </div>
      {isSaved && (
        <Button
          component="a"
          href={hrefOf('live', { mode: 'record', task: name })}
          size="xs"
          variant="default"
          leftSection={<CircleDot size={14} aria-hidden />}
        >
          {t('golden.record')}
        </Button>
      )}
    </Panel>
  )
}

/** The checks of a text of the page. */
type Checking = { readonly html: string } & (
  | { readonly state: 'running' | 'cancelled' }
  | { readonly state: 'done'; readonly found: readonly PageCheck[] }
  | { readonly state: 'failed'; readonly error: unknown }
)

/** The latest checks, and functions that start and cancel them. They end with the view. */
function useCheck() {
  const [check, setCheck] = useState<Checking | null>(null)
  const asked = useRef<{ unsubscribe(): void }>(undefined)
  useEffect(() => () => asked.current?.unsubscribe(), [])
  const start = (page: { readonly name: string; readonly html: string }) => {
    const { html } = page
    asked.current?.unsubscribe()
    setCheck({ html, state: 'running' })
    asked.current = lab.pages.check.subscribe(page, {
      onData: (found) => setCheck({ html, state: 'done', found }),
      onError: (error) => setCheck({ html, state: 'failed', error }),
    })
  }
  const cancel = () => {
    asked.current?.unsubscribe()
    if (check !== null) setCheck({ html: check.html, state: 'cancelled' })
  }
  return { check, start, cancel }
}

function Finding({ check: { name, ok, found } }: { readonly check: PageCheck }) {
  const { t } = useTranslation()
  const say = useSay()
  const Sign = ok === null ? CircleHelp : ok ? Check : X
  return (
    <li>
      <Sign size={16} className={ok === null ? 'soft' : ok ? 'chosen' : 'rejected'} aria-hidden />
      <div>
        <b>{t(`tasks.page.check_${name}`)}</b>{' '}
        <span className="soft">{t(`tasks.page.${ok === null ? 'unknown' : ok ? 'good' : 'bad'}`)}</span>
        <div className="wrap">{say(found)}</div>
      </div>
    </li>
  )
}
