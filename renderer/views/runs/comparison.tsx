/** Two adapters side by side: their success, their differences, and how far each changes the model. */
import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Play, X } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import type { Answers } from '../../lab.ts'
import { goTo, visit } from '../../location.ts'
import { type Adapter, adapterName } from '../../parts/adapter-name.ts'
import { Loading } from '../../parts/loading.tsx'
import { Panel } from '../../parts/page.tsx'
import { Failure } from '../../shell/failure.tsx'
import { ChangeChart } from './change-chart.tsx'
import { ComparedSuccess } from './compared-success.tsx'
import { ComparedValues } from './compared-values.tsx'
import classes from './runs.module.css'

type Compared = Answers['adapters']['compare']

/** The id of this panel, by which other parts open it. */
export const COMPARISON = 'comparison'

export function Comparison({ a, b }: { readonly a: Adapter; readonly b: Adapter }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery({
    queryKey: ['adapters', 'compare', a.path, b.path],
    queryFn: () => lab.adapters.compare.query({ a: a.path, b: b.path }),
  })
  const names = { a: adapterName(t, a), b: adapterName(t, b) }
  return (
    <Panel
      id={COMPARISON}
      title={t('runs.compare.title')}
      note={
        <>
          <b>A</b> {names.a} &nbsp; <b>B</b> {names.b}
        </>
      }
      actions={
        <Group gap="sm">
          <Button
            variant="default"
            leftSection={<Play size={15} aria-hidden />}
            onClick={() => goTo('live', { mode: 'play', adapters: JSON.stringify([a.path, b.path]) })}
          >
            {t('runs.compare.play')}
          </Button>
          <Button
            variant="default"
            leftSection={<X size={15} aria-hidden />}
            onClick={() => visit({ a: undefined, b: undefined })}
          >
            {t('app.close')}
          </Button>
        </Group>
      }
    >
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {error === null && (data === undefined ? <Loading /> : <ComparisonSections compared={data} />)}
    </Panel>
  )
}

function ComparisonSections({ compared: { success, origin, settings, changes } }: { readonly compared: Compared }) {
  const { t } = useTranslation()
  return (
    <div className={classes.comparison}>
      <section>
        <h3>{t('runs.compare.success')}</h3>
        {success === null ? (
          <p className="soft">{t('runs.compare.notEvaluated')}</p>
        ) : (
          <ComparedSuccess success={success} />
        )}
      </section>
      <section>
        <h3>{t('runs.compare.origin')}</h3>
        <ComparedValues
          empty={t('runs.compare.sameOrigin')}
          rows={origin.map(({ key, a, b }) => ({
            name: t(`runs.compare.keys.${key}` as 'runs.compare.keys.r'),
            key,
            a,
            b,
          }))}
        />
      </section>
      <section>
        <h3>{t('runs.compare.settings')}</h3>
        {settings === null ? (
          <p className="soft">{t('runs.compare.noSettings')}</p>
        ) : (
          <ComparedValues
            empty={t('runs.same')}
            rows={settings.map(({ key, a, b }) => ({ key, a, b, name: <code className="mono">{key}</code> }))}
          />
        )}
      </section>
      <section>
        <h3>{t('runs.change.title')}</h3>
        <p className="soft">{t('runs.change.note')}</p>
        <ChangeChart changes={changes} />
      </section>
    </div>
  )
}
