// The same step by several programs: what the runner makes of their answers. No time is judged.
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeError, lossError, TOLERANCES } from '../../bench/peer_agreement.ts'
import { findPeers, ownProgram } from '../../bench/peer_programs.ts'
import { peerFile } from '../../bench/peer_process.ts'
import { comparePeers, type PeerProgram, type PeersOptions, type PeersResult } from '../../bench/peers.ts'
import { DeviceError, UsageError } from '../../src/runtime/errors.ts'
import { expectDocument } from '../cli/documents.ts'
import { galvani, refuses, workFolder, writeFiles } from '../cli/support.ts'
import { needs } from '../support/needs.ts'

const folder = workFolder()
const path = (name: string): string => join(folder, name)
const PYTHON = '/usr/bin/python3'
const torch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0

/** A peer whose model is a halving loss; what it does beside it is asked for as its "backend", where it keeps a log as its "adapter". */
const FAKE = `
import { appendFileSync } from 'node:fs'
import { serve } from ${JSON.stringify(peerFile('step_server.mjs'))}

await serve(async ({ weights, batch, rate, backend: kind, adapter: log }) => {
  if (kind === 'no package') await import('no-such-package-anywhere')
  let steps = 0
  const note = (what) => log && appendFileSync(log, kind + ' ' + what + '\\n')
  const changed = (name, value) => value - rate * (kind === 'other weights' && name === 'shallow.conv.weight' ? 1.1 : 1)
  return {
    about: { versions: { fake: '1' }, adapter: JSON.stringify([batch.eda.shape, batch.music.shape, [...batch.labels.data]]) },
    step: async () => {
      note(++steps)
      if (kind === 'breaks' && steps === 2) throw new Error('it broke')
      if (kind === 'babbles') process.stdout.write('one moment\\n')
      return kind === 'no number' ? NaN : 2 ** -steps * (kind === 'other loss' && steps === 3 ? 1.01 : 1)
    },
    weights: async () => {
      note('saves')
      if (kind === 'keeps all') process.exit()
      const learnt = Object.entries(weights).filter(([name]) => !name.includes('running_'))
      return learnt.map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => changed(name, value)) }])
    },
  }
})
`

/** Says that each of its steps took 40 seconds. */
const SLOW = `
import { copyFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
const option = (name) => process.argv[process.argv.indexOf(name) + 1]
const say = (answer) => console.log(JSON.stringify(answer))
let loss = 1
say({ versions: {}, adapter: 'none' })
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'save') copyFileSync(option('--weights'), option('--answers'))
  say(line === 'step' ? { ms: 40000, cpu_ms: 50000, loss: (loss /= 2) } : {})
}
`

// First steps as short as they can be: what was compiled before is taken from the usual place.
process.env['MESA_SHADER_CACHE_DIR'] ??= process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')

beforeAll(() => writeFiles(folder, { 'fake.mjs': FAKE, 'slow.mjs': SLOW, 'tmp/.keep': '' }))

const script = (name: string, file: string, ...args: string[]): PeerProgram => ({
  name,
  command: process.execPath,
  args: [path(file), ...args],
})
const fake = (kind: string, ...more: string[]): PeerProgram => script(kind, 'fake.mjs', '--backend', kind, ...more)
const compare = (peers: PeerProgram[], options: Partial<PeersOptions> = {}): Promise<PeersResult> =>
  comparePeers({ ours: fake('ours'), peers, batch: 3, rounds: 2, threads: 1, ...options })

describe('agreement', () => {
  const before = new Map([
    ['w', Float32Array.of(1, 2)],
    ['b', Float32Array.of(0)],
    ['statistics', Float32Array.of(5)],
  ])
  const ours = new Map([
    ['w', Float32Array.of(1, 3)],
    ['b', Float32Array.of(0)],
  ])
  const error = (w: number[], b: number[]): number =>
    changeError(
      new Map([
        ['w', Float32Array.from(w)],
        ['b', Float32Array.from(b)],
      ]),
      ours,
      before,
    )

  it('of losses is relative to each of ours', () => {
    expect(lossError([2, 0.11], [2, 0.1])).toBeCloseTo(0.1, 10)
    expect(lossError([2, NaN], [2, 0.1])).toBe(Infinity)
  })

  it('of parameters is relative to the change of the worst tensor, and forgives rounding where nothing changes', () => {
    expect(error([1, 3], [0])).toBe(0)
    expect(error([1, 3.2], [0])).toBeCloseTo(0.2, 3)
    expect(error([1, 3], [1e-7])).toBeLessThan(TOLERANCES.change)
    expect(error([1, 3], [1e-2])).toBeGreaterThan(TOLERANCES.change)
    expect([error([1, NaN], [0]), error([1, 3, 4], [0])]).toEqual([Infinity, Infinity])
    expect(changeError(new Map(), ours, before)).toBe(Infinity)
  })
})

describe('comparePeers', () => {
  it('gives all the same problem, takes them in turn, and reports each', async () => {
    const log = path('log')
    const heard: string[] = []
    const ours = fake('ours', '--adapter', log)
    const result = await compare([fake('peer', '--adapter', log)], {
      ours,
      onProgress: (done, name) => heard.push(`${done} ${name}`),
    })
    const lines = ['ours 1', 'peer 1', 'ours 2', 'peer 2', 'ours 3', 'ours saves', 'peer 3', 'peer saves']
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(lines)
    expect(heard).toEqual(['0 ours', '1 peer', '2 ours', '3 peer', '4 ours', '5 peer'])
    const about = { versions: { fake: '1' }, adapter: '[[3,3,2500],[3,6373],[0,1,0]]', rounds: 2 }
    expect(result).toMatchObject({ preset: 'paper', batch: 3, rounds: 2, ours: { name: 'ours', ...about }, failed: [] })
    expect(result.peers).toMatchObject([{ name: 'peer', ...about, loss_error: 0, change_error: 0, agrees: true }])
    for (const times of [result.ours, ...result.peers]) {
      for (const field of ['first_step_ms', 'ms_median', 'ms_min'] as const)
        expect(times[field], field).toBeGreaterThan(0)
    }
  })

  it('notices other losses, other parameters and numbers that are none', async () => {
    const { peers } = await compare(['other loss', 'other weights', 'no number'].map((kind) => fake(kind)))
    expect(peers).toMatchObject([
      { agrees: false, loss_error: expect.closeTo(0.01, 6), change_error: 0 },
      { agrees: false, loss_error: 0, change_error: expect.closeTo(0.1, 2) },
      { agrees: false, change_error: 0 },
    ])
  })

  it('goes on without a peer that fails, and says why', async () => {
    const missing = { name: 'missing', command: path('none'), args: [] }
    const { peers, failed } = await compare([
      fake('no package'),
      fake('breaks'),
      missing,
      fake('babbles'),
      fake('keeps all'),
      fake('peer'),
    ])
    expect(peers.map(({ name }) => name)).toEqual(['peer'])
    expect(failed.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^no package failed: .*no-such-package-anywhere/),
      'breaks failed: Error: it broke',
      expect.stringMatching(/none cannot be started \(.*ENOENT\)$/),
      "babbles answered 'one moment', expected JSON",
      'keeps all failed: it ended without a word',
    ])
  })

  it('does not go on without us', async () => {
    await expect(compare([fake('peer')], { ours: fake('breaks') })).rejects.toThrow(DeviceError)
  })

  it('gives slow peers fewer rounds, but ours all of them', async () => {
    const slow = (name: string) => script(name, 'slow.mjs')
    const { ours, peers } = await compare([slow('slow')], { ours: slow('ours'), rounds: 5 })
    expect(ours).toMatchObject({
      rounds: 5,
      first_step_ms: 40_000,
      first_step_cpu_s: 50,
      ms_median: 40_000,
      spread: 0,
      cpu_ms_median: 50_000,
    })
    expect(peers).toMatchObject([{ rounds: 2, ratio: 1 }])
  })

  it('ends at once when it is interrupted, and leaves no file', async () => {
    const { TMPDIR } = process.env
    process.env['TMPDIR'] = path('tmp')
    try {
      const interrupt = new AbortController()
      const onProgress = (done: number): void => {
        if (done === 1) interrupt.abort(new Error('interrupted'))
      }
      await expect(compare([fake('peer')], { signal: interrupt.signal, onProgress })).rejects.toThrow('interrupted')
      expect(readdirSync(path('tmp'))).toEqual(['.keep'])
    } finally {
      if (TMPDIR === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = TMPDIR
    }
  })
})

describe('galvani bench peers', () => {
  // An interpreter with PyTorch that has the answers of the slow fake.
  const interpreter = path('python')
  const version = `if (process.argv[2] === '-c') { console.log('1.13'); process.exit() }`
  beforeAll(() => {
    writeFiles(folder, {
      python: `#!/usr/bin/env node\n${version}\nawait import(${JSON.stringify(path('slow.mjs'))})\n`,
    })
    chmodSync(interpreter, 0o755)
  })
  afterAll(() => rmSync(interpreter))

  const bench = (...more: string[]): string[] => ['bench', 'peers', '--quiet', '--batch', '1', '--rounds', '2', ...more]

  it.each([
    ['a peer it does not know', ['--peers', 'theano'], /--peers is 'theano', expected torch/],
    ['too few rounds', ['--rounds', '1'], /--rounds is 1, expected at least 2/],
    [
      'an interpreter without PyTorch',
      ['--peers', 'torch', '--python', path('none')],
      /--peers torch: .*has no PyTorch; install it/,
    ],
    [
      'torch.compile with PyTorch 1',
      ['--peers', 'torch-compile', '--python', interpreter],
      /needs PyTorch 2, .* has 1.13/,
    ],
  ])('refuses %s', async (_, args, says) => await refuses(bench(...args), 2, says))

  it('fails when answers differ, after it has shown them', async () => {
    const { code, stdout, lines } = await galvani(bench('--peers', 'torch', '--python', interpreter, '--json'))
    expect(lines).toEqual([expect.stringMatching(/^galvani: torch computes something else: .* its times say nothing$/)])
    expect(code).toBe(5)
    const result = JSON.parse(stdout) as PeersResult
    expectDocument(result, ['ours.versions', 'peers.versions'])
    expect(result).toMatchObject({
      batch: 1,
      ours: { name: 'galvani', adapter: expect.stringMatching(/./) },
      peers: [{ agrees: false }],
    })
  })

  it('finds what is installed', () => {
    const { programs, missing } = findPeers(undefined, { python: interpreter })
    expect(programs.map(({ name }) => name)).toContain('torch')
    expect(missing.join('\n')).toMatch('torch.compile needs PyTorch 2')
    expect(() => findPeers(['torch'], { python: path('none') })).toThrow(UsageError)
  })
})

describe('PyTorch', needs(torch, 'PyTorch is not installed'), () => {
  it('takes the same steps', async () => {
    const settings = { python: PYTHON }
    const { peers, failed } = await compare(findPeers(['torch'], settings).programs, {
      ours: ownProgram(settings),
      batch: 2,
    })
    expect(failed).toEqual([])
    expect(peers).toMatchObject([{ name: 'torch', agrees: true }])
    expect(peers[0]!.loss_error).toBeLessThan(1e-4)
  })
})
