/** A task page of the user: written with a preview, checked, saved as a task, and never replaced by accident. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, LATER, test } from './fixtures.ts'
import { clean, open, screenshot } from './window.ts'

test('a page is written, looked at seed by seed, checked and saved', async ({ page, lab }) => {
  test.setTimeout(LATER)
  const folder = join(lab.folder, 'my-tasks')
  mkdirSync(folder)
  const config = join(lab.folder, 'config.yaml')
  const settings = JSON.parse(readFileSync(config, 'utf8'))
  writeFileSync(config, JSON.stringify({ ...settings, environment: { tasks_dir: folder } }))
  await page.evaluate(() => {
    window.location.hash = '#/tasks?side=new'
  })
  const preview = page.getByRole('region', { name: 'Preview' })
  const instruction = preview.locator('p')
  await expect(instruction).toHaveText(/^Pick \w+\.$/)
  await expect(preview.getByRole('img')).toBeVisible()
  const first = await instruction.textContent()
  await preview.getByRole('button', { name: 'Next seed' }).click()
  await expect(instruction).not.toHaveText(first ?? '')
  await preview.getByRole('button', { name: 'Previous seed' }).click()
  await expect(instruction).toHaveText(first ?? '')

  const editor = page.getByRole('textbox', { name: 'Page' })
  await editor.click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.insertText('<script>genProblem = () => nonsense()</script>')
  await expect(preview.getByRole('alert')).toContainText('This page cannot be played: a script of the page failed')
  await screenshot(page, 'own-page-broken')
  // What is written survives a reload.
  await page.reload()
  await expect(preview.getByRole('alert')).toBeVisible()
  await page.getByRole('button', { name: 'Discard changes' }).click()
  await expect(instruction).toHaveText(first ?? '')

  await editor.click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.insertText('<!-- mine -->')
  await page.getByLabel('Name of the task').fill('Not A Name')
  const save = page.getByRole('button', { name: 'Save', exact: true })
  await expect(save).toBeDisabled()
  await page.getByLabel('Name of the task').fill('click-link')
  await save.click()
  await expect(page.getByRole('alert')).toContainText('There is a task click-link already')
  await page.getByLabel('Name of the task').fill('pick-word')
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  const checks = page.getByRole('region', { name: 'Is it a good task?' })
  await page.getByRole('button', { name: 'Cancel the check' }).click()
  await expect(checks).toContainText('You cancelled the check.')
  await page.getByRole('button', { name: 'Check', exact: true }).click()
  await expect(checks.getByRole('listitem')).toHaveText([
    /^A seed is one problem: yes/,
    /^It can be solved: not known yet/,
    /^Not by accident: yes/,
  ])
  await clean(page, 'own-page')
  await save.click()
  await page.getByRole('heading', { level: 1, name: 'The page of pick-word' }).waitFor()
  expect(readFileSync(join(folder, 'pick-word.html'), 'utf8')).toContain('<!-- mine -->')
  expect(existsSync(join(folder, 'core.js'))).toBe(true)

  // A file that changed meanwhile is not replaced.
  await editor.click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.insertText('<!-- more -->')
  writeFileSync(join(folder, 'pick-word.html'), 'of somebody else')
  await save.click()
  await expect(page.getByRole('alert').filter({ hasText: 'The file of pick-word has changed' })).toBeVisible()
  expect(readFileSync(join(folder, 'pick-word.html'), 'utf8')).toBe('of somebody else')
  // The draft is compared with it, and saved under another name, or in its place.
  await page.getByRole('button', { name: 'What differs' }).click()
  await expect(page.getByRole('alert').locator('del')).toContainText('of somebody else')
  await expect(page.getByRole('alert').locator('ins')).toContainText('<!-- more -->')
  await expect(save).toBeDisabled()
  await clean(page, 'own-page-conflict')
  const otherName = page.getByLabel('Another name for the task')
  await otherName.fill('Not A Name')
  await expect(page.getByRole('alert')).toContainText('a to z, digits and dashes')
  await expect(page.getByRole('button', { name: 'Save under this name' })).toBeDisabled()
  await otherName.fill('pick-word-2')
  await page.getByRole('button', { name: 'Save under this name' }).click()
  await page.getByRole('heading', { level: 1, name: 'The page of pick-word-2' }).waitFor()
  expect(readFileSync(join(folder, 'pick-word-2.html'), 'utf8')).toContain('<!-- more -->')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.insertText('<!-- again -->')
  writeFileSync(join(folder, 'pick-word-2.html'), 'of somebody else')
  await save.click()
  await page.getByRole('button', { name: 'Replace the file with my draft' }).click()
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(readFileSync(join(folder, 'pick-word-2.html'), 'utf8')).toContain('<!-- again -->')
  await page.getByRole('link', { name: 'All tasks' }).click()
  await page.getByLabel('Search tasks').fill('pick-word')
  await page.getByRole('link', { name: 'Pick word', exact: true }).click()
  await page.getByRole('link', { name: 'Edit the page' }).waitFor()
})

test('a page of megabytes is refused while it is written, and the lab stays there', async ({ page }) => {
  await page.evaluate(() => {
    window.location.hash = '#/tasks?side=new'
  })
  const preview = page.getByRole('region', { name: 'Preview' })
  await preview.getByRole('img').waitFor()
  const editor = page.getByRole('textbox', { name: 'Page' })
  await editor.click()
  await page.keyboard.press('ControlOrMeta+A')
  // More than a browser's storage takes.
  await editor.evaluate((element) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', `${'x'.repeat(99)}\n`.repeat(60_000))
    element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  })
  await expect(preview.getByRole('alert')).toContainText('has 6000000 characters')
  await page.getByLabel('Name of the task').fill('long-page')
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled()
  await page.getByRole('button', { name: 'Discard changes' }).click()
  await preview.getByRole('img').waitFor()
  await expect(page.getByText('The lab does not answer')).toHaveCount(0)
})

test('where no folder for pages is set, the window says what saving does', async ({ page }) => {
  await open(page, 'tasks')
  await page.getByRole('link', { name: 'New task' }).click()
  await page.getByText(/^Saving makes the folder .*tasks and names it in the settings\.$/).waitFor()
})
