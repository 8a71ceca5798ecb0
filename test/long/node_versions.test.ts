// The demo, and the tests that start processes, on the versions of Node that people run.
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { needs } from '../needs.ts'
import { otherNode, root, VERSIONS } from './node_versions.ts'

describe.each(VERSIONS.map(otherNode).map((other) => [other.version, other] as const))('Node %s', (_, { env, problem }) => {
  const succeeds = (command: string, args: string[]): void => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, env, encoding: 'utf8', maxBuffer: 2 ** 28 })
    expect(status, `${stdout}\n${stderr}\n${error?.message ?? ''}`).toBe(0)
  }
  const there = needs(problem === undefined, problem ?? '')

  it('passes the tests that start processes', there, () => succeeds('node', ['node_modules/vitest/vitest.mjs', 'run', 'test/cli', 'test/scripts']))
  it('runs the demo', there, () => succeeds('npm', ['run', 'demo']))
})
