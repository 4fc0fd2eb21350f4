/** A study's state, its plan, and what it was expected to tell. */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Study } from '../../lab.ts'
import { expectedWords, neededWords } from '../../parts/expected.ts'
import { bytes } from '../../parts/figures.ts'
import { Panel } from '../../parts/page.tsx'
import { StudyProgress, StudyState, useTimeLeft } from './progress.tsx'
import classes from './studies.module.css'

export function Overview({ study }: { readonly study: Study }) {
  const { t } = useTranslation()
  const timeLeft = useTimeLeft()
  const { expected, left, seconds, seeds, set, variants } = study
  const common = settingsText(set)
  return (
    <Panel title={t('studies.overview')}>
      <div className={classes.overview}>
        <div className={classes.state}>
          <StudyState study={study} />
          <StudyProgress study={study} />
        </div>
        <dl className={classes.facts}>
          <Fact name={t('studies.timeLeft')}>
            {timeLeft(study)}
            {left > 0 && seconds === null && <small>{t('studies.unknownTimeNote')}</small>}
          </Fact>
          <Fact name={t('studies.diskLeft')}>
            {left === 0
              ? t('studies.nothingLeft')
              : t('studies.freeDisk', { size: bytes(study.bytes), free: bytes(study.free) })}
          </Fact>
          <Fact name={t('studies.seeds')}>{seeds.join(', ')}</Fact>
          {expected !== null && (
            <>
              <Fact name={t('studies.problems')}>
                {t('studies.problemsOf', { problems: expected.design.problems, count: expected.design.tasks })}
              </Fact>
              <Fact name={t('studies.before')}>{expectedWords(t, expected)}</Fact>
              <Fact name={t('studies.needs')}>{neededWords(t, expected)}</Fact>
            </>
          )}
        </dl>
        <table className={classes.variants}>
          <thead>
            <tr>
              <th scope="col">{t('studies.variant')}</th>
              <th scope="col">{t('studies.settings')}</th>
            </tr>
          </thead>
          <tbody>
            {common !== '' && (
              <tr>
                <th scope="row">{t('studies.common')}</th>
                <td className="mono">{common}</td>
              </tr>
            )}
            {variants.map(({ name, settings }) => {
              const own = settingsText(settings)
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className={own === '' ? 'soft' : 'mono'}>{own === '' ? t('studies.asConfigured') : own}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** `key=value`, with commas between them. */
function settingsText(settings: Readonly<Record<string, unknown>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(', ')
}
