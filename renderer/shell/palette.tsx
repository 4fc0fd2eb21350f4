/** The command palette: every command by a few letters of its name. */
import { Combobox, Kbd, Modal, useCombobox } from '@mantine/core'
import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Command, closePanels, matching, usePanels } from './commands.ts'
import classes from './palette.module.css'

const GROUPS = ['go', 'run', 'look', 'help'] as const

export function Palette({ commands }: { readonly commands: readonly Command[] }) {
  const { t } = useTranslation()
  const { palette } = usePanels()
  return (
    <Modal
      opened={palette}
      onClose={closePanels}
      title={<span className="hidden-words">{t('palette.title')}</span>}
      withCloseButton={false}
      size={560}
      padding={0}
      yOffset="12vh"
      transitionProps={{ duration: 80 }}
      classNames={{ header: classes.header! }}
    >
      <Choice commands={commands} />
    </Modal>
  )
}

function Choice({ commands }: { readonly commands: readonly Command[] }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const combobox = useCombobox({ defaultOpened: true })
  const found = matching(commands, search)
  const { selectFirstOption } = combobox
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is found changes with the search
  useEffect(() => {
    selectFirstOption()
  }, [selectFirstOption, search])
  const perform = (id: string) => {
    closePanels()
    commands.find((command) => command.id === id)?.run()
  }
  return (
    <Combobox store={combobox} onOptionSubmit={perform}>
      <Combobox.EventsTarget>
        <div className={classes.field}>
          <Search size={18} aria-hidden />
          <input
            className={classes.input}
            data-autofocus
            value={search}
            placeholder={t('palette.placeholder')}
            aria-label={t('palette.title')}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
      </Combobox.EventsTarget>
      <Combobox.Options className={classes.options!} aria-label={t('palette.title')}>
        {GROUPS.map((group) => {
          const own = found.filter((command) => command.group === group)
          return (
            own.length > 0 && (
              <Combobox.Group key={group} label={t(`palette.groups.${group}`)}>
                {own.map(({ id, label, keys }) => (
                  <Combobox.Option key={id} value={id} className={classes.option!}>
                    <span>{label}</span>
                    {keys !== undefined && <Kbd size="xs">{keys}</Kbd>}
                  </Combobox.Option>
                ))}
              </Combobox.Group>
            )
          )
        })}
        {found.length === 0 && <Combobox.Empty>{t('palette.nothing')}</Combobox.Empty>}
      </Combobox.Options>
    </Combobox>
  )
}
