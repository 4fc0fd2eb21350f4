/** One adapter of the list: its name, its actions, its folder and its lineage. */
import { ActionIcon, Badge, Button, Checkbox, CopyButton, Group, Tooltip } from '@mantine/core'
import { ClipboardCopy, Download, Merge, MoveRight, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import { hrefOf } from '../../location.ts'
import { type Adapter, adapterName, roundOf } from '../../parts/adapter-name.ts'
import { armName } from '../../parts/arm.ts'
import { bytes, decimal, moment } from '../../parts/figures.ts'
import { armColour } from '../../parts/interval.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { MergeDialog } from './merge.tsx'
import classes from './runs.module.css'
import { UseAdapter } from './use-adapter.tsx'

interface AdapterProps {
  readonly adapter: Adapter
}

interface Props extends AdapterProps {
  readonly marked: boolean
  readonly onMark: (on: boolean) => void
}

export function AdapterLine({ adapter, marked, onMark }: Props) {
  const { t } = useTranslation()
  const say = useSay()
  const { base, lineage } = adapter
  return (
    <li className={classes.adapter} data-marked={marked || undefined}>
      <AdapterHead adapter={adapter} marked={marked} onMark={onMark} />
      <AdapterButtons adapter={adapter} />
      {adapter.note !== null && (
        <p className="wrap rejected">
          <TriangleAlert size={14} aria-hidden /> {say(adapter.note)}
        </p>
      )}
      <AdapterPath path={adapter.path} />
      {lineage.length > 0 ? (
        <Lineage adapter={adapter} />
      ) : (
        base !== null && <span className="soft">{t('runs.base', { base })}</span>
      )}
    </li>
  )
}

function AdapterHead({ adapter, marked, onMark }: Props) {
  const { t, i18n } = useTranslation()
  const { arm, run, origin, r, lora_alpha: alpha, rsloraScale, target_modules: projections } = adapter
  const round = roundOf(t, adapter)
  return (
    <div className={classes.adapterHead}>
      <Checkbox
        size="xs"
        checked={marked}
        onChange={(event) => onMark(event.currentTarget.checked)}
        aria-label={t('runs.compare.mark', { adapter: adapterName(t, adapter) })}
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
        {t('runs.lora', { r, alpha, count: projections.length })}
        {rsloraScale !== null && t('runs.rslora', { scale: decimal(rsloraScale) })} · {bytes(adapter.bytes)} ·{' '}
        {moment(adapter.written, i18n.language)}
      </span>
    </div>
  )
}

function AdapterButtons({ adapter }: AdapterProps) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const [merging, setMerging] = useState(false)
  const { path, arm, current } = adapter
  const name = adapterName(t, adapter)
  return (
    <Group gap="sm">
      {!current && (arm === 'sft' || arm === 'dpo') && <UseAdapter path={path} as={arm} name={name} />}
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
        {...lock}
      >
        {t('runs.merge.open')}
      </Button>
      <MergeDialog adapter={adapter} opened={merging} onClose={() => setMerging(false)} />
    </Group>
  )
}

function AdapterPath({ path }: { readonly path: string }) {
  const { t } = useTranslation()
  return (
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
  )
}

/** The adapter's lineage, from the first model to the adapter itself. */
function Lineage({ adapter: { lineage, arm } }: AdapterProps) {
  const { t } = useTranslation()
  return (
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
  )
}
