/** The line above the views: the state of the job, and the window's own settings. */
import { ActionIcon, Badge, Button, Group, Kbd, Menu } from '@mantine/core'
import { CircleQuestionMark, Languages, Search, SunMoon } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useReadOnly } from '../lab.ts'
import { LANGUAGES, type Language, type Scheme, useSettings } from '../state/settings.ts'
import { EndBell } from './bell.tsx'
import { openPanel } from './commands.ts'
import classes from './header.module.css'
import { JobStrip } from './job-strip.tsx'

export function Header() {
  const { t } = useTranslation()
  const readOnly = useReadOnly()
  return (
    <section className={classes.header} aria-label={t('app.bar')}>
      <div className={classes.job}>
        <JobStrip />
      </div>
      <Group gap="xs" wrap="nowrap" className={classes.tools!}>
        {readOnly && (
          <Badge variant="default" size="lg" tt="none" title={t('app.readOnlyNote')}>
            {t('app.readOnly')}
          </Badge>
        )}
        <Button
          variant="default"
          size="xs"
          leftSection={<Search size={14} aria-hidden />}
          classNames={{ section: classes.sign! }}
          rightSection={
            <Kbd size="xs" className={classes.keys}>
              Ctrl K
            </Kbd>
          }
          onClick={() => openPanel('palette')}
        >
          {t('palette.open')}
        </Button>
        <EndBell />
        <SettingMenu<Language>
          label={t('app.language')}
          icon={Languages}
          options={Object.entries(LANGUAGES) as [Language, string][]}
          value={useSettings().language}
          onChange={(language) => useSettings.setState({ language })}
        />
        <SettingMenu<Scheme>
          label={t('app.scheme.title')}
          icon={SunMoon}
          options={(['auto', 'light', 'dark'] as const).map((one) => [one, t(`app.scheme.${one}`)])}
          value={useSettings().scheme}
          onChange={(scheme) => useSettings.setState({ scheme })}
        />
        <ActionIcon variant="subtle" aria-label={t('help.title')} onClick={() => openPanel('help')}>
          <CircleQuestionMark size={18} aria-hidden />
        </ActionIcon>
      </Group>
    </section>
  )
}

interface SettingMenuProps<Value extends string> {
  readonly label: string
  readonly icon: typeof Search
  readonly options: readonly (readonly [Value, string])[]
  readonly value: Value
  readonly onChange: (value: Value) => void
}

/** A setting of the window, as a button with a menu of its values. */
function SettingMenu<Value extends string>(props: SettingMenuProps<Value>) {
  const { label, icon: Icon, options, value, onChange } = props
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" aria-label={label}>
          <Icon size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown aria-label={label}>
        {options.map(([one, name]) => (
          <Menu.Item
            key={one}
            onClick={() => onChange(one)}
            fw={one === value ? 650 : 400}
            aria-current={one === value}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
