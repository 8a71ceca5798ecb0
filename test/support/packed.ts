// The package as `npm pack` makes it, unpacked where `npm install` would put it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npm } from '../../scripts/lib/dependencies.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

type Versions = Record<string, string>
interface Manifest {
  version: string
  exports: Record<string, unknown>
  dependencies: Versions
  peerDependencies: Versions
}
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** Puts the tarball's contents into `home/node_modules/galvani`, and this checkout's packages of these names beside it. */
export async function installPacked(home: string, packages: readonly string[]): Promise<void> {
  const modules = join(home, 'node_modules')
  mkdirSync(modules)
  const aside = mkdtempSync(join(home, 'packed-'))
  const { code, output } = await npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', aside])
  if (code !== 0) throw new Error(`npm pack failed:\n${output}`)
  execFileSync('tar', ['-xzf', output.trim()], { cwd: aside })
  renameSync(join(aside, 'package'), join(modules, 'galvani'))
  for (const name of packages) {
    const installed = join(root, 'node_modules', name)
    if (!existsSync(installed)) continue // optional, and not for this platform
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(installed, join(modules, name), 'junction')
  }
}
