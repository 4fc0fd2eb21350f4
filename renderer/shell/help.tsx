/** The sheet of keyboard shortcuts. */
import { Kbd, Modal, SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { closePanels, usePanels } from './commands.ts'
import classes from './help.module.css'

export function Help() {
  const { t } = useTranslation()
  const { help } = usePanels()
  const sections = [
    {
      title: t('help.everywhere'),
      keys: [
        [['Ctrl K'], t('help.palette')],
        [['?'], t('help.help')],
        [['1', '…', '7'], t('help.view')],
      ],
    },
    {
      title: t('help.pairs'),
      keys: [
        [['J', 'K'], t('help.next')],
        [['A'], t('help.keep')],
        [['D'], t('help.drop')],
        [['S'], t('help.swap')],
        [['E'], t('help.edit')],
        [['N'], t('help.note')],
        [['Ctrl Z', 'Ctrl Y'], t('help.undo')],
      ],
    },
    {
      title: t('help.record'),
      keys: [[['Ctrl Z'], t('help.undoStep')]],
    },
    {
      title: t('help.episodes'),
      keys: [
        [['J', 'K'], t('help.next')],
        [['←', '→'], t('help.step')],
        [['Space'], t('help.play')],
      ],
    },
    {
      title: t('help.curves'),
      keys: [
        [['←', '→'], t('help.point')],
        [['+', '−'], t('help.zoom')],
        [['0'], t('help.whole')],
      ],
    },
  ] as const
  return (
    <Modal
      opened={help}
      onClose={closePanels}
      title={t('help.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xl">
        {sections.map(({ title, keys }) => (
          <section key={title}>
            <h3 className={classes.title}>{title}</h3>
            <dl className={classes.list}>
              {keys.map(([names, words]) => (
                <div key={words} className={classes.row}>
                  <dt>{words}</dt>
                  <dd>{names.map((name) => (name === '…' ? name : <Kbd key={name}>{name}</Kbd>))}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </SimpleGrid>
    </Modal>
  )
}
