/** Deletes runs, with an offer to bring them back. */
import { useTranslation } from 'react-i18next'
import { lab } from '../../api.ts'
import { queries } from '../../queries.ts'
import { tell, tellError } from '../../shell/notices.tsx'

export function useRemoval(): (runs: readonly number[]) => Promise<void> {
  const { t } = useTranslation()
  return async (runs) => {
    const all = { runs: [...runs] }
    const restore = () =>
      void lab.runs.restore
        .mutate(all)
        .then(() => queries.invalidateQueries())
        .catch(tellError)
    try {
      await lab.runs.delete.mutate(all)
      await queries.invalidateQueries()
      tell(t('runs.deleted', { count: runs.length, run: runs[0] }), restore, 'deleted')
    } catch (error) {
      tellError(error)
    }
  }
}
