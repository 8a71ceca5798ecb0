// The demo, and the tests that start processes, on the versions of Node that people run.
import { spawnSync } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../support/needs.ts'
import { fetchPackage, root, type Fetched } from './packages.ts'

/** Beside the oldest that package.json allows, on which all tests run. */
const VERSIONS = ['24.22.3', '26.12.1']

const platform = process.platform === 'win32' ? 'win' : process.platform
const nodes = VERSIONS.map((version) => fetchPackage(`node-${platform}-${process.arch}`, version))

describe.each(nodes.map((one) => [one.version, one] as const))('Node %s', (version, { folder, problem }: Fetched) => {
  // What vitest tells its own tests is not for those that are run within.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|TALLY|TEST$|NODE_ENV$|DEV$|PROD$|SSR$|MODE$|BASE_URL$)/.test(name),
  )
  const env = {
    ...Object.fromEntries(inherited),
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
  }
  const succeeds = (command: string, args: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd: root,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    })
    expect(status, `${stdout}\n${stderr}\n${error?.message ?? ''}`).toBe(0)
    return stdout
  }
  const there = needs(problem === undefined, problem ?? '')

  it('is what it says', there, () => expect(succeeds('node', ['--version'])).toBe(`v${version}\n`))

  it('passes the tests that start processes', there, () => {
    succeeds('node', [
      'node_modules/vitest/vitest.mjs',
      'run',
      'test/cli',
      'test/scripts',
      'test/runtime/node_device',
      'test/runtime/dawn_stderr',
    ])
  })

  it('runs the demo', there, () => void succeeds('npm', ['run', 'demo']))
})
