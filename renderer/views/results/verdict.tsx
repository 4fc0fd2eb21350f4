/** The main result: SFT, DPO, the change, and the conclusion that the figures allow. */
import { Button, Group } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { points, pValue } from '../../../main/evaluation/figures.ts'
import { findingMessage } from '../../../main/evaluation/verdict.ts'
import { message } from '../../../main/messages/message.ts'
import { useSay } from '../../i18n/say.ts'
import type { Results } from '../../lab.ts'
import { goTo } from '../../location.ts'
import { armName } from '../../parts/arm.ts'
import { percent } from '../../parts/figures.ts'
import { armColour } from '../../parts/interval.tsx'
import { useWriteLock } from '../../parts/write-lock.ts'
import { openNewStudy, VARY_BETA } from '../../shell/new-study.tsx'
import classes from './results.module.css'

interface Props {
  readonly results: Results
  readonly run: number
}

export function Verdict({ results: { arms, against, verdict, study }, run }: Props) {
  const { t } = useTranslation()
  const lock = useWriteLock()
  const say = useSay()
  const change = against.sft
  return (
    <section className={classes.verdict} aria-label={t('results.answer')}>
      <div className={classes.tiles}>
        {(['base', 'sft', 'dpo'] as const).map((arm) => {
          const rate = arms[arm]
          return (
            rate !== undefined && (
              <div key={arm} className={`card ${classes.tile}`} style={{ borderTopColor: armColour(arm) }}>
                <b style={{ color: armColour(arm) }}>{armName(t, arm)}</b>
                <span className={classes.value}>{percent(rate.success)}%</span>
                <span className="soft">
                  {t('results.interval', { low: percent(rate.low), high: percent(rate.high), n: rate.n })}
                </span>
              </div>
            )
          )
        })}
        {change !== undefined && (
          <div className={`card ${classes.tile}`} style={{ borderTopColor: 'var(--ink)' }}>
            <b>{t('results.change')}</b>
            <span className={classes.value}>{points(change.difference)}</span>
            <span className="soft">
              {t('results.changeInterval', { low: points(change.low), high: points(change.high), p: pValue(change.p) })}
            </span>
          </div>
        )}
      </div>
      <div className={classes.sentences}>
        {verdict.map((finding) => (
          <p key={`${finding.kind} ${finding.arm} ${finding.standing}`}>{say(findingMessage(finding))}</p>
        ))}
        {verdict.length > 0 && <p className="soft">{say(message('oneSeed'))}</p>}
        <Group gap="sm" mt="xs">
          {study === null ? (
            <>
              <Button size="xs" variant="default" onClick={() => openNewStudy(run)} {...lock}>
                {t('studies.make.repeat')}
              </Button>
              <Button size="xs" variant="default" onClick={() => openNewStudy(run, VARY_BETA)} {...lock}>
                {t('studies.make.vary')}
              </Button>
            </>
          ) : (
            <Button size="xs" variant="default" onClick={() => goTo('studies', { study: study.id })}>
              {t('studies.partOf', { name: study.name })}
            </Button>
          )}
        </Group>
      </div>
    </section>
  )
}
