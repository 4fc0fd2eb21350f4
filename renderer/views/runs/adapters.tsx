/** The adapters, each with what it was made from. */
import { ActionIcon, Badge, Button, Checkbox, CopyButton, Group, Tooltip } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Boxes, ClipboardCopy, Download, Merge, MoveRight } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { useJob } from '../../job.ts'
import { choose, hrefOf, usePlace } from '../../location.ts'
import { type Adapter, adapterName, roundOf } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { Empty } from '../../parts/empty.tsx'
import { bytes, moment } from '../../parts/figures.ts'
import { armColour } from '../../parts/interval.tsx'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { reveal } from '../../parts/reveal.ts'
import { Failure } from '../../shell/failure.tsx'
import { tell, tellError } from '../../shell/notices.tsx'
import { COMPARISON, Comparison } from './comparison.tsx'
import { MergeDialog, Merging } from './merge.tsx'
import classes from './runs.module.css'

export function Adapters() {
  const { t } = useTranslation()
  const { query } = usePlace()
  const { data, error, refetch } = useQuery({ queryKey: ['adapters'], queryFn: () => lab.adapters.list.query() })
  if (error !== null) return <Failure error={error} retry={() => void refetch()} />
  if (data === undefined) return <Loading />
  if (data.length === 0) return <Empty icon={Boxes} title={t('runs.noAdapter')} text={t('runs.noAdapterText')} />
  const marked = [query.a, query.b].flatMap((path) => data.find((adapter) => adapter.path === path) ?? [])
  const mark = (adapter: Adapter, on: boolean) => {
    const others = marked.filter(({ path }) => path !== adapter.path)
    const [a, b] = on ? [...others.slice(-1), adapter] : others
    choose({ a: a?.path, b: b?.path })
    if (b !== undefined) reveal(COMPARISON)
  }
  const [a, b] = marked
  const group = (title: string, note: string, adapters: readonly Adapter[]) =>
    adapters.length > 0 && (
      <Panel title={title} note={note}>
        <ul className={classes.adapters}>
          {adapters.map((adapter) => (
            <One
              key={adapter.path}
              adapter={adapter}
              marked={marked.includes(adapter)}
              onMark={(on) => mark(adapter, on)}
            />
          ))}
        </ul>
      </Panel>
    )
  return (
    <>
      <Merging />
      {a !== undefined && b !== undefined && <Comparison key={`${a.path} ${b.path}`} a={a} b={b} />}
      {group(
        t('runs.current'),
        t('runs.currentNote'),
        data.filter(({ current }) => current),
      )}
      {group(
        t('runs.kept'),
        t('runs.keptNote'),
        data.filter(({ current }) => !current),
      )}
    </>
  )
}

interface OneProps {
  readonly adapter: Adapter
  readonly marked: boolean
  readonly onMark: (on: boolean) => void
}

function One({ adapter, marked, onMark }: OneProps) {
  const { t, i18n } = useTranslation()
  const [merging, setMerging] = useState(false)
  const {
    path,
    arm,
    run,
    r,
    lora_alpha,
    target_modules,
    base,
    bytes: size,
    written,
    lineage,
    current,
    origin,
  } = adapter
  const round = roundOf(t, adapter)
  const name = adapterName(t, adapter)
  return (
    <li className={classes.adapter} data-marked={marked || undefined}>
      <div className={classes.adapterHead}>
        <Checkbox
          size="xs"
          checked={marked}
          onChange={(event) => onMark(event.currentTarget.checked)}
          aria-label={t('runs.compare.mark', { adapter: name })}
        />
        <b style={{ color: armColour(arm) }}>{armName(t, arm)}</b>
        {run !== null && <a href={hrefOf('pipeline', { run })}>{t('episodes.run', { run })}</a>}
        {round !== '' && <Badge variant="default">{round}</Badge>}
        {origin?.run != null && (
          <span>
            = <a href={hrefOf('pipeline', { run: origin.run })}>{adapterName(t, origin)}</a>
          </span>
        )}
        <span className="soft">
          {t('runs.lora', { r, alpha: lora_alpha, count: target_modules.length })} · {bytes(size)} ·{' '}
          {moment(written, i18n.language)}
        </span>
      </div>
      <Group gap="sm">
        {!current && (arm === 'sft' || arm === 'dpo') && <Use path={path} as={arm} name={name} />}
        <Button
          size="compact-xs"
          variant="default"
          component="a"
          href={`/adapter.zip?path=${encodeURIComponent(path)}`}
          download
          aria-label={t('runs.downloadOf', { adapter: name })}
          leftSection={<Download size={13} aria-hidden />}
        >
          {t('runs.download')}
        </Button>
        <Button
          size="compact-xs"
          variant="default"
          aria-label={t('runs.merge.title', { adapter: name })}
          leftSection={<Merge size={13} aria-hidden />}
          onClick={() => setMerging(true)}
        >
          {t('runs.merge.open')}
        </Button>
        <MergeDialog adapter={adapter} opened={merging} onClose={() => setMerging(false)} />
      </Group>
      <div className={classes.path}>
        <code className="mono wrap">{path}</code>
        <CopyButton value={path}>
          {({ copied, copy }) => (
            <Tooltip label={t(copied ? 'results.copied' : 'runs.copyPath')}>
              <ActionIcon size="sm" variant="subtle" aria-label={t('runs.copyPathOf', { path })} onClick={copy}>
                <ClipboardCopy size={14} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
      {lineage.length > 0 ? (
        <ol className={classes.lineage} aria-label={t('runs.lineage')}>
          {[...lineage].reverse().map((ancestor, at) => (
            <li key={`${ancestor.kind} ${ancestor.name}`}>
              {at > 0 && <MoveRight size={14} aria-hidden />}
              <span className={classes.ancestor} title={ancestor.name}>
                <small>{t(`runs.kinds.${ancestor.kind}`)}</small>
                <span className="cut">
                  {ancestor.name.split('/').slice(-2).join('/')}
                  {ancestor.count !== null && ` · ${ancestor.count}`}
                </span>
              </span>
            </li>
          ))}
          <li>
            <MoveRight size={14} aria-hidden />
            <span className={classes.ancestor}>
              <small>{t('runs.this')}</small>
              <b>{armName(t, arm)}</b>
            </span>
          </li>
        </ol>
      ) : (
        base !== null && <span className="soft">{t('runs.base', { base })}</span>
      )}
    </li>
  )
}

/** Puts an adapter where the next stages take theirs from. */
function Use({ path, as, name }: { readonly path: string; readonly as: 'sft' | 'dpo'; readonly name: string }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const job = useJob()
  const put = async (from: string) =>
    client.setQueryData(['adapters'], await lab.adapters.use.mutate({ path: from, as }))
  const use = async () => {
    // What is overwritten can be put back where a run has kept it.
    const before = client.getQueryData<readonly Adapter[]>(['adapters'])?.find((one) => one.current && one.arm === as)
    const origin = before?.origin
    try {
      await put(path)
      tell(
        t('runs.used', { arm: t(`arm.${as}`) }),
        origin == null ? undefined : () => void put(origin.path).catch(tellError),
      )
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <Button
      size="compact-xs"
      variant="default"
      aria-label={t('runs.useOf', { arm: t(`arm.${as}`), adapter: name })}
      disabled={job?.current != null}
      onClick={() => void use()}
    >
      {t('runs.use', { arm: t(`arm.${as}`) })}
    </Button>
  )
}
