// The options of the benchmarks: what reaches the measurement, which is not run.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, vi } from 'vitest'
import * as benchKernels from '../../../bench/kernels.ts'
import * as cvxeda from '../../../bench/cvxeda_bench.ts'
import * as eventAccuracy from '../../../bench/event_accuracy.ts'
import * as cvxedaPages from '../../../bench/pages/cvxeda.ts'
import * as peerPrograms from '../../../bench/peer_programs.ts'
import * as peers from '../../../bench/peers.ts'
import * as results from '../../../bench/result.ts'
import * as steps from '../../../bench/step.ts'
import * as cold from '../../../cli/bench/cold.ts'
import * as cvxedaFacts from '../../../cli/bench/cvxeda_facts.ts'
import * as kernelsCommand from '../../../cli/bench/kernels.ts'
import * as kernelTables from '../../../cli/bench/kernel_tables.ts'
import * as page from '../../../cli/bench/page.ts'
import * as tables from '../../../cli/bench/step_tables.ts'
import { Cpu } from '../../../src/runtime/cpu.ts'
import type { Gpu } from '../../../src/runtime/gpu.ts'
import * as tunedKernels from '../../../src/train/tuned_kernels.ts'
import {
  Arrived,
  asksForAdapter,
  documentOf,
  drawnUntilArrived,
  handedTo,
  isQuiet,
  path,
  recordings,
  start,
  type Checks,
} from './start.ts'

const BENCH_TEST = 'test/bench/bench.test.ts'
const arrives = (): never => {
  throw new Arrived()
}

/** What every benchmark of a step does with the options of a step. */
const stepChecks = (command: string): Checks => {
  const bench = ['bench', command]
  const settings = async (...more: string[]): Promise<unknown> =>
    (await handedTo(steps, 'withStep', [...bench, ...more]))[1]
  /** The measurement of a step, of which nothing is prepared. */
  const stepOf = async (...more: string[]): Promise<unknown[]> => {
    vi.spyOn(steps, 'withStep').mockImplementation(async (_, __, use) => await use({} as steps.PreparedStep))
    return handedTo(steps, 'benchStep', [...bench, ...more])
  }
  return {
    [`bench ${command} --preset`]: async () => {
      expect(await settings('--preset', 'released')).toMatchObject({ config: { preset: 'released' } })
      expect(await settings()).toMatchObject({ config: { preset: 'paper' } })
    },
    [`bench ${command} --batch`]: async () => {
      expect(await settings('--batch', '3')).toMatchObject({ batch: 3 })
      expect(await settings()).toMatchObject({ batch: 32 })
    },
    [`bench ${command} --rounds`]: async () => {
      expect([(await stepOf('--rounds', '2'))[2], (await stepOf())[2]]).toEqual([2, 7])
    },
    [`bench ${command} --cold`]: async () => {
      const more = ['--cold', '--preset', 'released', '--batch', '3']
      const [asked] = await handedTo(cold, 'coldChild', [...bench, ...more])
      expect(asked).toMatchObject({ preset: 'released', batch: 3 })
    },
    [`bench ${command} --tuned`]: async () => {
      const [, , mode, workload] = await handedTo(tunedKernels, 'useTunedKernels', [
        ...bench,
        '--tuned',
        '--batch',
        '3',
      ])
      expect([mode, workload]).toEqual(['cached', expect.objectContaining({ batch: 3 })])
    },
    [`bench ${command} --adapter`]: asksForAdapter(() => bench),
    [`bench ${command} --quiet`]: async () => {
      vi.spyOn(steps, 'withStep').mockImplementation(async (_, __, use) => await use({} as steps.PreparedStep))
      vi.spyOn(steps, 'benchStep').mockImplementation(async (_, __, ___, hooks) => {
        hooks?.onRound?.(1)
        return arrives()
      })
      expect(await drawnUntilArrived(bench)).not.toBe('')
      expect(await drawnUntilArrived([...bench, '--quiet'])).toBe('')
    },
  }
}

/** What reaches the measurement of single kernels. */
async function kernelOptions(...args: string[]): Promise<unknown> {
  const plan = {
    choices: [
      { op: 'relu', shape: '1' },
      { op: 'conv1d', shape: '2' },
    ],
  }
  vi.spyOn(steps, 'withStep').mockImplementation(
    async (_, __, use) => await use({ plan } as unknown as steps.PreparedStep),
  )
  vi.spyOn(steps, 'benchStep').mockResolvedValue({ profile: [] } as unknown as steps.StepResult)
  return (await handedTo(benchKernels, 'benchKernels', args))[3]
}

const allVariants = (command: string) => async (): Promise<void> => {
  expect(await kernelOptions('bench', command, '--all-variants')).toMatchObject({ allVariants: true })
  expect(await kernelOptions('bench', command)).not.toHaveProperty('allVariants')
}

/** What was measured is printed; the tables are drawn of nothing. */
const asDocument = (command: string) => async (): Promise<void> => {
  vi.spyOn(steps, 'withStep').mockResolvedValue({ step: { batch: 3 }, rejected: [] })
  for (const name of ['kernelTable', 'trafficTable', 'targetTable'] as const)
    vi.spyOn(kernelTables, name).mockReturnValue('')
  vi.spyOn(tables, 'groupTable').mockReturnValue('')
  vi.spyOn(tables, 'stepFacts').mockReturnValue([['a', 'b']])
  expect(await documentOf(['bench', command])).toMatchObject({ step: { batch: 3 } })
}

/** A finished step of which nothing but its name is known. */
function fakeStep(): void {
  vi.spyOn(steps, 'withStep').mockImplementation(async (_, __, use) => await use({} as steps.PreparedStep))
  vi.spyOn(steps, 'benchStep').mockResolvedValue({
    batch: 1,
    profile: [{ kernel: 'one' }],
  } as unknown as steps.StepResult)
  for (const name of ['groupTable', 'coldTable'] as const) vi.spyOn(tables, name).mockReturnValue('')
  vi.spyOn(tables, 'stepFacts').mockReturnValue([['a', 'b']])
  vi.spyOn(tables, 'dispatchTable').mockReturnValue('every dispatch')
}

const cvxedaOptions = async (...more: string[]): Promise<{ source: { name: string; sampleRate: number } }> =>
  (await handedTo(cvxeda, 'benchCvxeda', ['bench', 'cvxeda', ...more]))[1] as {
    source: { name: string; sampleRate: number }
  }
const cvxedaGets = (options: string, arrived: object) => async (): Promise<void> => {
  expect(await cvxedaOptions(...options.split(' '))).toMatchObject(arrived)
  expect(await cvxedaOptions()).not.toMatchObject(arrived)
}

const cvxedaChecks: Checks = {
  'bench cvxeda --signals': cvxedaGets('--signals 3', { signals: 3 }),
  'bench cvxeda --n': cvxedaGets('--n 90', { n: 90 }),
  'bench cvxeda --rate': async () => {
    await cvxedaGets('--rate 8', { source: { sampleRate: 8 } })()
    const rows = readFileSync(`${recordings()}/a.csv`, 'utf8').split('\n').slice(1)
    writeFileSync(path('bare.csv'), rows.map((row) => row.split(',')[1]).join('\n'))
    const given = await cvxedaOptions('--recording', path('bare.csv'), '--n', '60', '--rate', '8')
    expect(given.source.sampleRate).toBe(8)
  },
  'bench cvxeda --recording': async () => {
    const given = await cvxedaOptions('--recording', `${recordings()}/a.csv`, '--n', '60')
    expect(given.source).toMatchObject({ name: 'windows of a.csv, seed 1', sampleRate: 4, longest: 120 })
  },
  'bench cvxeda --seed': cvxedaGets('--seed 0', { source: { name: 'synthetic, seed 0' } }),
  'bench cvxeda --solver': cvxedaGets('--solver admm', { solver: 'admm' }),
  'bench cvxeda --form': cvxedaGets('--form along-time', { form: 'along-time' }),
  'bench cvxeda --device': async () => {
    const devices = async (...more: string[]) =>
      (await handedTo(cvxeda, 'benchCvxeda', ['bench', 'cvxeda', ...more]))[0] as cvxeda.Measured
    const [gpu, cpu] = [expect.objectContaining({ info: {} }) as Gpu, expect.any(Cpu) as Cpu]
    expect(await devices()).toEqual({ gpu, cpu: null })
    expect(await devices('--device', 'cpu')).toEqual({ gpu: null, cpu })
    expect(await devices('--device', 'both')).toEqual({ gpu, cpu })
  },
  'bench cvxeda --rounds': cvxedaGets('--rounds 2', { rounds: 2 }),
  'bench cvxeda --reference': cvxedaGets('--reference cvxEDA.py', {
    reference: { path: 'cvxEDA.py', python: 'python3' },
  }),
  'bench cvxeda --python': cvxedaGets('--reference a.py --python other', { reference: { python: 'other' } }),
  'bench cvxeda --reference-signals': cvxedaGets('--reference a.py --reference-signals 5', {
    reference: { signals: 5 },
  }),
  'bench cvxeda --scaling': cvxedaGets('--scaling', { scaling: true }),
  'bench cvxeda --html': async () => {
    await cvxedaGets('--html page.html', { scaling: true })()
    vi.spyOn(cvxeda, 'benchCvxeda').mockResolvedValue({ reference_run: null } as unknown as cvxeda.CvxedaFigures)
    vi.spyOn(cvxedaFacts, 'cvxedaFacts').mockReturnValue([['a', 'b']])
    vi.spyOn(cvxedaPages, 'cvxedaPage').mockReturnValue('the page')
    await start(['bench', 'cvxeda', '--html', path('pages', 'cvxeda.html')])
    expect(readFileSync(path('pages', 'cvxeda.html'), 'utf8')).toBe('the page')
  },
  'bench cvxeda --adapter': asksForAdapter(() => ['bench', 'cvxeda']),
  'bench cvxeda --json': BENCH_TEST,
  'bench cvxeda --quiet': async () => {
    vi.spyOn(cvxeda, 'benchCvxeda').mockImplementation(async (_, { onRound }) => {
      onRound?.(1)
      return arrives()
    })
    expect(await drawnUntilArrived(['bench', 'cvxeda'])).not.toBe('')
    expect(await drawnUntilArrived(['bench', 'cvxeda', '--quiet'])).toBe('')
  },
}

/** What the comparison with other programs gets, and what is looked for. */
async function compared(...more: string[]): Promise<{ asked: unknown; settings: unknown; options: unknown }> {
  const program = { name: 'torch', command: 'true', args: [] }
  const found = vi.spyOn(peerPrograms, 'findPeers').mockReturnValue({ programs: [program], missing: [] })
  const [options] = await handedTo(peers, 'comparePeers', ['bench', 'peers', ...more])
  const [asked, settings] = found.mock.lastCall!
  return { asked, settings, options }
}
const comparesWith = (options: string, arrived: object) => async (): Promise<void> => {
  expect(await compared(...options.split(' '))).toMatchObject(arrived)
  expect(await compared()).not.toMatchObject(arrived)
}

const peerChecks: Checks = {
  'bench peers --batch': comparesWith('--batch 3', { options: { batch: 3 } }),
  'bench peers --rounds': comparesWith('--rounds 4', { options: { rounds: 4 } }),
  'bench peers --peers': comparesWith('--peers torch,jax-js', { asked: ['torch', 'jax-js'] }),
  'bench peers --python': comparesWith('--python other', { settings: { python: 'other' } }),
  'bench peers --threads': comparesWith('--threads 77', { options: { threads: 77 } }),
  'bench peers --adapter': async () => {
    const { options, settings } = await compared('--adapter', 'of this name')
    expect(settings).toMatchObject({ adapter: 'of this name' })
    expect((options as { ours: { args: string[] } }).ours.args).toContain('of this name')
  },
  'bench peers --json': 'test/bench/peers.test.ts',
  'bench peers --quiet': async () => {
    await compared()
    vi.spyOn(peers, 'comparePeers').mockImplementation(async ({ onProgress }) => {
      onProgress?.(1, 'torch')
      return arrives()
    })
    expect(await drawnUntilArrived(['bench', 'peers'])).not.toBe('')
    expect(await drawnUntilArrived(['bench', 'peers', '--quiet'])).toBe('')
  },
}

/** A row of the table of responses, which is not measured. */
const eventRow = (): eventAccuracy.EventRow => {
  const score = {
    recall: 0.9,
    falseInTenMinutes: 0,
    silent: 1,
    bias: 0,
    meanBias: 0,
    meanBiasAlone: 0,
    onsetError: 0.1,
  }
  return { kind: 'clean', sampleRate: 4, recordings: 2, responses: 9, threshold: 0.01, now: score, before: score }
}
const measuresNothing = (): void => {
  vi.spyOn(eventAccuracy, 'measureEvents').mockImplementation(async () => await Promise.resolve(eventRow()))
}
const eventCase = async (...more: string[]): Promise<unknown[]> =>
  await handedTo(eventAccuracy, 'measureEvents', ['bench', 'events', ...more])

const eventChecks: Checks = {
  'bench events --recordings': async () => {
    expect([(await eventCase())[0], (await eventCase('--recordings', '3'))[0]]).toMatchObject([
      { kind: 'clean', recordings: 50 },
      { kind: 'clean', recordings: 3 },
    ])
  },
  'bench events --seed': async () => {
    expect([(await eventCase())[1], (await eventCase('--seed', '7'))[1]]).toEqual([1, 7])
  },
  'bench events --events': async () => {
    expect([(await eventCase())[2], (await eventCase('--events', 'driver'))[2]]).toMatchObject([
      { eventsFrom: 'phasic' },
      { eventsFrom: 'driver' },
    ])
  },
  'bench events --json': async () => {
    measuresNothing()
    const { rows } = await documentOf<{ rows: object[] }>(['bench', 'events'])
    expect(rows[0]).toMatchObject({ kind: 'clean', now: { false_in_ten_minutes: 0, recall: 0.9 } })
    expect((await start(['bench', 'events'])).stdout).toMatch(/^clean +4 +2 +9 +0.010 +0.90/m)
  },
  'bench events --quiet': async () => {
    measuresNothing()
    await isQuiet(() => ['bench', 'events'])()
  },
}

export const benchChecks: Checks = {
  ...stepChecks('all'),
  ...stepChecks('step'),
  ...stepChecks('kernels'),
  ...cvxedaChecks,
  ...peerChecks,
  'bench all --all-variants': allVariants('all'),
  'bench all --html': async () => {
    vi.spyOn(kernelsCommand, 'measureAll').mockResolvedValue({} as results.BenchResult)
    vi.spyOn(page, 'pageOf').mockReturnValue('the page')
    await start(['bench', 'all', '--html', path('pages', 'all.html')]).catch(() => undefined) // there are no figures to print
    expect(readFileSync(path('pages', 'all.html'), 'utf8')).toBe('the page')
  },
  'bench all --compare': async () => {
    writeFileSync(path('before.json'), 'figures')
    const args = ['bench', 'all', '--compare', path('before.json')]
    expect(await handedTo(results, 'parseBenchResult', args)).toEqual(['figures', path('before.json')])
  },
  'bench all --json': asDocument('all'),
  'bench step --json': BENCH_TEST,
  'bench step --profile': async () => {
    fakeStep()
    const [plain, profiled] = [await start(['bench', 'step']), await start(['bench', 'step', '--profile'])]
    expect([plain, profiled].map(({ stdout }) => stdout.includes('every dispatch'))).toEqual([false, true])
  },
  'bench step --first-only': async () => {
    expect(await handedTo(steps, 'coldStart', ['bench', 'step', '--first-only', '--batch', '3'])).toMatchObject({
      1: { batch: 3 },
    })
  },
  'bench kernels --ops': async () => {
    expect(await kernelOptions('bench', 'kernels', '--ops', 'relu, conv1d')).toMatchObject({ ops: ['relu', 'conv1d'] })
    expect(await kernelOptions('bench', 'kernels')).not.toHaveProperty('ops')
  },
  'bench kernels --all-variants': allVariants('kernels'),
  'bench kernels --json': asDocument('kernels'),
  ...eventChecks,
}
