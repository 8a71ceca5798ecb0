// Packages that only the long suites take: fetched by npm into `.cache/`, each version once.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Fetched {
  version: string
  /** The package's own folder. */
  folder: string
  /** Why it is not there. */
  problem: string | undefined
}

/** A package, of an exact version so that a run can be repeated. Says what it fetches. */
export function fetchPackage(name: string, version: string): Fetched {
  const home = join(root, '.cache', 'packages', `${name}-${version}`)
  const folder = join(home, 'node_modules', name)
  return { version, folder, problem: isThere(folder, version) ? undefined : install(`${name}@${version}`, home) }
}

function isThere(folder: string, version: string): boolean {
  const path = join(folder, 'package.json')
  return existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version === version
}

/** Undefined once it is installed, else what npm says. */
function install(wanted: string, home: string): string | undefined {
  console.log(`fetching ${wanted} into ${home} (npm install)`)
  rmSync(home, { recursive: true, force: true })
  const args = ['install', '--prefix', home, '--no-save', '--no-package-lock', '--ignore-scripts', wanted]
  const { status, stderr, error } = spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
  if (status === 0) return undefined
  const line =
    /^npm error (?!code )(.*)/m.exec(stderr ?? '')?.[1] ?? error?.message ?? `npm ended with exit code ${status}`
  return `${wanted} cannot be fetched: ${line}`
}
