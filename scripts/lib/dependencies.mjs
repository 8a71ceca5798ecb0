// The packages of package-lock.json, installed by `npm ci` when node_modules does not hold exactly these.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { errorLines, node, root, run, step } from './run.mjs'

/** True when npm's own record of what it installed agrees with the lock file, entry by entry. */
export function dependenciesCurrent(directory = root) {
  const installedPath = join(directory, 'node_modules', '.package-lock.json')
  if (!existsSync(installedPath)) return false
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages
  const installed = packagesOf(installedPath)
  const locked = Object.entries(packagesOf(join(directory, 'package-lock.json'))).filter(([path]) => path !== '')
  const holds = ([path, entry]) => {
    const present = installed[path]
    // Packages for other platforms are locked but not installed.
    return present
      ? present.version === entry.version && present.integrity === entry.integrity
      : Boolean(entry.optional)
  }
  return locked.every(holds)
}

export async function installDependencies() {
  if (dependenciesCurrent()) return
  await step('installing the packages of package-lock.json (npm ci)', async () => {
    const { code, output } = await npm(['ci', '--no-audit', '--no-fund'])
    if (code !== 0) throw new Error(`npm ci failed:\n${errorLines(output)}`)
  })
}

/** The npm that started this script, or the one on the path. */
export function npm(args) {
  const self = process.env.npm_execpath
  if (self && basename(self) === 'npm-cli.js') return node([self, ...args])
  return process.platform === 'win32' ? run('cmd.exe', ['/c', 'npm', ...args]) : run('npm', args)
}
