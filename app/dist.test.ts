/** Checks electron-builder's configuration, as far as possible without packing. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { PROGRAM_ROOT } from '../main/files/paths.ts'

const require = createRequire(import.meta.url)
const builder = createRequire(require.resolve('electron-builder'))
const { validateConfiguration } = builder('app-builder-lib/out/util/config/config') as {
  validateConfiguration: (config: unknown, log: { readonly isEnabled: boolean }) => Promise<void>
}

const { default: FpmTarget } = builder('app-builder-lib/out/targets/FpmTarget') as {
  default: { prototype: { computeFpmMetaInfoOptions(this: unknown): Promise<unknown> } }
}

const read = (name: string) => readFileSync(join(PROGRAM_ROOT, name), 'utf8')
const { main, productName, desktopName } = z
  .looseObject({ main: z.string(), productName: z.string(), desktopName: z.string() })
  .parse(JSON.parse(read('package.json')))
const config = z
  .looseObject({
    files: z.array(z.string()),
    asarUnpack: z.array(z.string()),
    electronFuses: z.record(z.string(), z.boolean()),
    extraMetadata: z.object({ homepage: z.string(), author: z.object({ name: z.string() }) }),
    extraResources: z.array(z.string()),
    linux: z.looseObject({ target: z.array(z.string()), maintainer: z.string(), syncDesktopName: z.boolean() }),
    mac: z.looseObject({ target: z.array(z.string()) }),
    win: z.looseObject({ target: z.array(z.string()) }),
  })
  .parse(parse(read('electron-builder.yml')))

test('electron-builder accepts the configuration, and refuses a wrong one', async () => {
  await validateConfiguration(config, { isEnabled: false })
  await expect(validateConfiguration({ ...config, asarUnpacked: [] }, { isEnabled: false })).rejects.toThrow(
    /asarUnpacked/,
  )
})

test('a deb has the maintainer and the home page that electron-builder requires, and the page is packed', async () => {
  const { homepage, author } = config.extraMetadata
  const deb = (linux: { readonly maintainer?: string }, page: string | null) =>
    FpmTarget.prototype.computeFpmMetaInfoOptions.call({
      packager: {
        appInfo: { computePackageUrl: async () => page, linuxPackageName: 'dpo-driver' },
        info: { metadata: { author } },
      },
      options: linux,
    })
  expect(await deb(config.linux, homepage)).toMatchObject({ maintainer: author.name, url: homepage })
  await expect(deb({}, homepage)).rejects.toThrow(/author 'email'/)
  await expect(deb(config.linux, null)).rejects.toThrow(/homepage/)
  const page = fileURLToPath(homepage).replace(`/opt/${productName}/resources/`, '')
  expect(config.extraResources).toContain(page)
  for (const path of config.extraResources) expect(existsSync(join(PROGRAM_ROOT, path)), path).toBe(true)
})

test('every system has its package', () => {
  expect([config.linux, config.mac, config.win].map(({ target }) => target)).toEqual([
    ['AppImage', 'deb'],
    ['dmg'],
    ['nsis'],
  ])
})

test('Electron finds the app’s name and its desktop file in package.json, where alone it looks', () => {
  expect(productName).toBe('DPO-Driver Lab')
  expect(config).not.toHaveProperty('productName')
  expect(desktopName).toMatch(/^[\w-]+(\.[\w-]+)+\.desktop$/)
  expect(config.linux.syncDesktopName).toBe(true)
})

test('the fuses allow only the app’s own code', () => {
  expect(config.electronFuses).toMatchObject({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  })
})

test('the app’s start files are packed, and files that are opened by path lie outside of the archive', () => {
  const packed = (path: string) =>
    config.files.some((pattern) => globSync(pattern, { cwd: PROGRAM_ROOT }).includes(path))
  for (const path of [main, 'main/lab.ts', 'config.yaml', 'models/base/model.safetensors', 'assets/tasks/core.js']) {
    expect(packed(path), path).toBe(true)
  }
  for (const pattern of config.asarUnpack) expect(config.files).toContain(pattern)
  expect(existsSync(join(PROGRAM_ROOT, 'assets/desktop/icon.png'))).toBe(true)
})
