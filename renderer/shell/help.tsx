/** The sheet of keyboard shortcuts. */
import { Kbd, Modal, SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { closePanels, usePanels } from './commands.ts'
import classes from './help.module.css'

/** All keys, by where they work. `names` are the keys, `does` is the id of the text of `help`. */
const SECTIONS = [
  {
    title: 'everywhere',
    keys: [
      { names: ['Ctrl K'], does: 'palette' },
      { names: ['?'], does: 'help' },
      { names: ['1', '–', '9'], does: 'view' },
    ],
  },
  {
    title: 'pairs',
    keys: [
      { names: ['J', 'K'], does: 'next' },
      { names: ['A'], does: 'keep' },
      { names: ['D'], does: 'drop' },
      { names: ['S'], does: 'swap' },
      { names: ['E'], does: 'edit' },
      { names: ['N'], does: 'note' },
      { names: ['Ctrl Z', 'Ctrl Y'], does: 'undo' },
    ],
  },
  { title: 'record', keys: [{ names: ['Ctrl Z'], does: 'undoStep' }] },
  {
    title: 'episodes',
    keys: [
      { names: ['J', 'K'], does: 'next' },
      { names: ['←', '→'], does: 'step' },
      { names: ['Space'], does: 'play' },
    ],
  },
  {
    title: 'curves',
    keys: [
      { names: ['←', '→'], does: 'point' },
      { names: ['+', '−'], does: 'zoom' },
      { names: ['0'], does: 'whole' },
    ],
  },
] as const

export function Help() {
  const { t } = useTranslation()
  const { help } = usePanels()
  return (
    <Modal
      opened={help}
      onClose={closePanels}
      title={t('help.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xl">
        {SECTIONS.map(({ title, keys }) => (
          <section key={title}>
            <h3 className={classes.title}>{t(`help.${title}`)}</h3>
            <dl className={classes.list}>
              {keys.map(({ names, does }) => (
                <div key={does} className={classes.row}>
                  <dt>{t(`help.${does}`)}</dt>
                  <dd>{names.map((name) => (name === '–' ? name : <Kbd key={name}>{name}</Kbd>))}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </SimpleGrid>
    </Modal>
  )
}
