/** A select for the round of pairs. */
import { NativeSelect } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Answers, Round } from '../../lab.ts'
import { visit } from '../../location.ts'

interface Props {
  readonly rounds: Answers['pairs']['rounds']
  readonly round: Round
}

/** Another round starts without filters, because it may not contain what they name. */
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
        visit({ run, round, ...NO_FILTER })
      }}
    />
  )
}
