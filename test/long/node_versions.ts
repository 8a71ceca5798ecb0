// Other versions of Node, from npm, beside the one that runs the tests.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** What people run beside the oldest version that package.json allows. Exact, so that a run can be repeated. */
export const VERSIONS = ['24.22.3', '26.12.1']

export interface OtherNode {
  version: string
  /** The environment in which `node`, and npm with it, is that version. */
  env: NodeJS.ProcessEnv
  /** Why there is none. */
  problem: string | undefined
}

/** That version in `.cache/`, fetched where it is not there; says so. */
export function otherNode(version: string): OtherNode {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const home = join(root, '.cache', `node-${version}`)
  const bin = join(home, 'node_modules', name, 'bin')
  const works = () => spawnSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${version}`
  // What vitest sets is its own matter, not that of a run inside of one.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(VITEST|TALLY|TEST|NODE_ENV|DEV|PROD|MODE|SSR)/.test(key)))
  env['PATH'] = `${bin}${delimiter}${process.env['PATH'] ?? ''}`
  if (works()) return { version, env, problem: undefined }
  console.log(`fetching ${name}@${version} into ${home} (npm install)`)
  const problem = fetch(`${name}@${version}`, home)
  if (problem === undefined && !works()) return { version, env, problem: `${name}@${version} does not say that it is ${version}` }
  return { version, env, problem }
}

/** Undefined once it is there, else what npm says. */
function fetch(wanted: string, home: string): string | undefined {
  if (existsSync(home)) rmSync(home, { recursive: true })
  const args = ['install', '--prefix', home, '--no-save', '--no-package-lock', '--ignore-scripts', wanted]
  const { status, stderr, error } = spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
  if (status === 0) return undefined
  const line = /npm error (?!code)(.*)/.exec(stderr ?? '')?.[1] ?? error?.message ?? `npm ended with exit code ${status}`
  return `${wanted} could not be fetched: ${line}`
}
