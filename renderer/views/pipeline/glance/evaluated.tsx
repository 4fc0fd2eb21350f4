/** The success rate of each policy that has played so far. */
import { useQuery } from '@tanstack/react-query'
import { message } from '../../../../main/messages/message.ts'
import { lab } from '../../../api.ts'
import { useSay } from '../../../i18n/say.ts'
import { Policies } from '../../../parts/policies.tsx'
import classes from './glance.module.css'

interface Props {
  readonly run: number
  readonly round: number
  /** Milliseconds between two fetches while the stage runs; false once it has ended. */
  readonly every: number | false
}

export function Evaluated({ run, round, every }: Props) {
  const say = useSay()
  const results = useQuery({
    queryKey: ['results', 'get', run],
    queryFn: () => lab.results.get.query({ run }),
    enabled: every === false,
  })
  const soFar = useQuery({
    queryKey: ['results', 'so far', run, round],
    queryFn: () => lab.results.soFar.query({ run, round }),
    enabled: every !== false,
    refetchInterval: every,
  })
  const arms = every === false ? results.data?.arms : soFar.data
  return arms === undefined ? null : (
    <div className={classes.policies}>
      <Policies arms={arms} />
      {every === false && <p className="soft">{say(message('oneSeed'))}</p>}
    </div>
  )
}
