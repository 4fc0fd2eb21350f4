/** How often each policy succeeded. */
import { useQuery } from '@tanstack/react-query'
import { lab } from '../../../api.ts'
import { Policies } from '../../../parts/policies.tsx'
import classes from './glance.module.css'

export function Evaluated({ run }: { readonly run: number }) {
  const results = useQuery({ queryKey: ['results', 'get', run], queryFn: () => lab.results.get.query({ run }) })
  return results.data === undefined ? null : (
    <div className={classes.policies}>
      <Policies arms={results.data.arms} />
    </div>
  )
}
