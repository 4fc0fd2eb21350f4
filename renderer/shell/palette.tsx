/** The command palette finds a command by a few letters of its name. */
import { Combobox, Kbd, Modal, useCombobox } from '@mantine/core'
import { Search } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Command, closePanels, matching, usePanels } from './commands.ts'
import classes from './palette.module.css'

const GROUPS = ['go', 'run', 'look', 'help'] as const

export function Palette({ commands }: { readonly commands: readonly Command[] }) {
  const { t } = useTranslation()
  const { palette } = usePanels()
  const chosen = useRef<Command>(undefined)
  return (
    <Modal
      opened={palette}
      onClose={closePanels}
      // Only after the palette has closed: a panel that a command opens returns the focus to what had it before the
      // palette.
      onExitTransitionEnd={() => {
        chosen.current?.run()
        chosen.current = undefined
      }}
      title={<span className="hidden-words">{t('palette.title')}</span>}
      withCloseButton={false}
      size={560}
      padding={0}
      yOffset="12vh"
      transitionProps={{ duration: 80 }}
      classNames={{ header: classes.header! }}
    >
      <CommandSearch
        commands={commands}
        onChoose={(command) => {
          chosen.current = command
          closePanels()
        }}
      />
    </Modal>
  )
}

interface CommandSearchProps {
  readonly commands: readonly Command[]
  readonly onChoose: (command: Command | undefined) => void
}

function CommandSearch({ commands, onChoose }: CommandSearchProps) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  // Mantine's own id changes after the first drawing, and the field would then name a list that does not exist.
  const list = useId()
  const combobox = useCombobox({ defaultOpened: true, onDropdownClose: closePanels })
  const found = matching(commands, search)
  const { selectFirstOption } = combobox
  // The list does not exist at the first drawing. A second one lets the field name it.
  const [, setListed] = useState(false)
  useEffect(() => setListed(true), [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the commands found change with the search
  useEffect(() => {
    selectFirstOption()
  }, [selectFirstOption, search])
  const perform = (id: string) => onChoose(commands.find((command) => command.id === id))
  return (
    <Combobox store={combobox} onOptionSubmit={perform}>
      <div className={classes.field}>
        <Search size={18} aria-hidden />
        <Combobox.EventsTarget withExpandedAttribute>
          <input
            role="combobox"
            aria-expanded
            className={classes.input}
            data-autofocus
            // biome-ignore lint/a11y/noAutofocus: readers type as soon as the palette opens, and no letter may be lost
            autoFocus
            value={search}
            placeholder={t('palette.placeholder')}
            aria-label={t('palette.title')}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
        </Combobox.EventsTarget>
      </div>
      <Combobox.Options id={list} className={classes.options!} aria-label={t('palette.title')}>
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
