/** Which round of pairs is shown. */
import { NativeSelect } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Answers, Round } from '../../lab.ts'
import { choose } from '../../location.ts'

interface Props {
  readonly rounds: Answers['pairs']['rounds']
  readonly round: Round
}

/** Another round begins without filters: what they name may not be in it. */
const NO_FILTER = { task: undefined, state: undefined, search: undefined, pair: undefined }

export function RoundSelect({ rounds, round }: Props) {
  const { t } = useTranslation()
  return (
    <NativeSelect
      size="xs"
      w="fit-content"
      aria-label={t('pairs.round')}
      value={`${round.run} ${round.round}`}
      data={rounds.map(({ run, round, pairs }) => ({
        value: `${run} ${round}`,
        label: t('pairs.roundName', { run, round, count: pairs }),
      }))}
      onChange={(event) => {
        const [run, round] = event.currentTarget.value.split(' ')
        choose({ run, round, ...NO_FILTER })
      }}
    />
  )
}
