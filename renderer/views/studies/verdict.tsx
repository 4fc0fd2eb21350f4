/** The verdict of a study in words. */
import { useTranslation } from 'react-i18next'
import { useSay } from '../../i18n/say.ts'
import type { StudyResult } from '../../lab.ts'
import { Panel } from '../../parts/page.tsx'
import classes from './studies.module.css'

export function StudyVerdict({ result: { verdict } }: { readonly result: StudyResult }) {
  const { t } = useTranslation()
  const say = useSay()
  return (
    <Panel title={t('studies.verdict')}>
      <div className={classes.sentences}>
        {verdict.map((told) => {
          const sentence = say(told)
          return <p key={sentence}>{sentence}</p>
        })}
      </div>
    </Panel>
  )
}
