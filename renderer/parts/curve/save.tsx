/** Saves a chart as it is shown: as a picture, or as a table. */
import { ActionIcon, Menu } from '@mantine/core'
import { Download, Image, Table } from 'lucide-react'
import type { RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { tellError } from '../../shell/notices.tsx'
import { fileName, saveFile } from '../save-file.ts'
import type { Along } from './along.ts'
import { tableOf } from './csv.ts'
import { pictureOf } from './picture.ts'
import type { Drawn, Range } from './series.ts'
import type { Unit } from './units.ts'

interface Props {
  readonly name: string
  readonly figure: RefObject<HTMLElement | null>
  readonly series: readonly Drawn[]
  readonly range: Range | null
  readonly along: Along
  readonly unit: Unit | undefined
}

export function Save({ name, figure, series, range, along, unit: unitName }: Props) {
  const { t } = useTranslation()
  const unit = unitName === undefined ? undefined : t(`training.units.${unitName}`)
  const file = fileName(name, along === 'step' ? '' : t(`training.along.${along}`))
  const title = t(`training.by.${along}`, { name: unit === undefined ? name : `${name} (${unit})` })
  const saveTable = () => {
    const words = {
      place: t(`training.table.${along}`),
      smoothed: t('training.table.smoothed'),
      lowest: t('training.table.lowest'),
      highest: t('training.table.highest'),
    }
    saveFile(new Blob([tableOf(series, { range, along, unit, words })], { type: 'text/csv' }), `${file}.csv`)
  }
  const savePicture = async () => {
    try {
      saveFile(await pictureOf(figure.current!, title, series), `${file}.png`)
    } catch (error) {
      tellError(error)
    }
  }
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('training.save', { name })}>
          <Download size={14} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Image size={14} aria-hidden />} onClick={() => void savePicture()}>
          {t('training.picture')}
        </Menu.Item>
        <Menu.Item leftSection={<Table size={14} aria-hidden />} onClick={saveTable}>
          {t('training.csv')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
