// Commands started inside this process, the data they read, and what the checks of their options have in common.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest'
import { runCommandLine } from '../../../cli/command_line.ts'
import * as context from '../../../cli/shared/context.ts'
import { program } from '../../../cli/program.ts'
import { makeTrialTable } from '../../../src/datasets/synthetic.ts'
import type { Gpu } from '../../../src/runtime/gpu.ts'
import { openGpu } from '../../../src/runtime/node.ts'
import { SMALL, workFolder, writeFiles } from '../support.ts'

/** How an option's effect is held: by a check here, or in another file of tests. */
export type Checks = Readonly<Record<string, (() => Promise<void> | void) | string>>

/** The file that runs every command with --json and reads what it prints. */
export const DOCUMENTS = 'test/cli/checks.test.ts'
export const RATE = 'test/cli/rate.test.ts'

const folder = workFolder()
export const path = (...names: string[]): string => join(folder, ...names)

const { withGpu } = context
let opened: Promise<Gpu> | undefined
afterAll(async () => (await opened)?.close())

/**
 * Has all commands in this process that ask for no adapter by name use one device: to open it, and to compile the same kernels again, takes
 * longer than most of them. Each command as a process, which opens its own, is the matter of the other files.
 */
function shareDevice(): void {
  vi.spyOn(context, 'withGpu').mockImplementation(async (options, work) =>
    options.adapter === undefined ? work(await (opened ??= openGpu())) : withGpu(options, work),
  )
}
beforeAll(shareDevice)
beforeEach(shareDevice)
// As the processes of other files have it: no time goes into measuring kernels.
beforeAll(() => void vi.stubEnv('GALVANI_TUNE', 'off'))
afterAll(() => void vi.unstubAllEnvs())

interface Printed {
  stdout: string
  stderr: string
}

/** Does `work` with what this process prints kept in `printed`, and leaves its terminal and its Ctrl-C as they were. */
async function printing<T>(work: () => Promise<T>, printed: Printed, terminal = false): Promise<T> {
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += String(text)
      return true
    }),
  )
  const { isTTY } = process.stderr
  const stops = ['SIGINT', 'SIGTERM'] as const
  const before = stops.map((stop) => process.listeners(stop))
  process.stderr.isTTY = terminal
  try {
    return await work()
  } finally {
    for (const spy of spies) spy.mockRestore()
    process.stderr.isTTY = isTTY
    for (const [i, stop] of stops.entries())
      for (const listener of process.listeners(stop)) if (!before[i]!.includes(listener)) process.off(stop, listener)
  }
}

/** What a command prints; it throws what goes wrong. On a terminal it draws bars on stderr. */
export async function start(
  args: string[],
  { terminal = false, printed = { stdout: '', stderr: '' } } = {},
): Promise<Printed> {
  await printing(() => program().parseAsync(args, { from: 'user' }), printed, terminal)
  return printed
}

/** As `refuses`, without a process of its own: one line that says what is wrong, the exit code, and nothing on stdout. */
export async function refusesHere(args: string[], code: number, says: string | RegExp): Promise<void> {
  const printed = { stdout: '', stderr: '' }
  const ended = await printing(() => runCommandLine(args), printed)
  expect(printed.stderr).toMatch(says)
  expect(printed.stderr).toMatch(/^galvani: [^\n]*\n$/)
  expect([printed.stdout, ended]).toEqual(['', code])
}

export const documentOf = async <T = Record<string, unknown>>(args: string[]): Promise<T> =>
  JSON.parse((await start([...args, '--json'])).stdout) as T

export const readJson = <T = Record<string, unknown>>(...names: string[]): T =>
  JSON.parse(readFileSync(path(...names), 'utf8')) as T

/** Ends a command where its options have arrived. */
export class Arrived extends Error {}

type Functions = Record<string, (...args: unknown[]) => unknown>
/** What a command hands to a function of the library, at which it ends; no adapter is opened. */
export async function handedTo(library: object, name: string, args: string[]): Promise<unknown[]> {
  const spy = vi.spyOn(library as Functions, name).mockImplementation(() => {
    throw new Arrived(name)
  })
  const device = vi
    .spyOn(context, 'withGpu')
    .mockImplementation((_, work) => work({ info: {}, limits: {}, pipeline: () => undefined } as unknown as Gpu))
  try {
    await expect(start(args)).rejects.toThrow(Arrived)
    return spy.mock.calls[0]!
  } finally {
    spy.mockRestore()
    device.mockRestore()
    shareDevice()
  }
}

/** What a command has drawn on a terminal by the time it ends in `Arrived`. */
export async function drawnUntilArrived(args: string[]): Promise<string> {
  const printed = { stdout: '', stderr: '' }
  await expect(start(args, { terminal: true, printed })).rejects.toThrow(Arrived)
  return printed.stderr
}

export const asksForAdapter = (args: () => string[] | Promise<string[]>) => async (): Promise<void> => {
  const asked = start([...(await args()), '--adapter', 'of no name'])
  await expect(asked).rejects.toThrow("no adapter has 'of no name' in its name")
}

/** On a terminal a command draws; with --quiet it does not. */
export const isQuiet = (args: () => string[] | Promise<string[]>) => async (): Promise<void> => {
  const given = await args()
  expect((await start(given, { terminal: true })).stderr).not.toBe('')
  expect((await start([...given, '--quiet'], { terminal: true })).stderr).toBe('')
}

/** Made at the first use. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** 6 subjects with 6 trials of about 20 s. */
export const study = once(() => {
  const sizes = { subjects: 6, trialsPerSubject: 6, stimuli: 8, seconds: 20, effect: 1, seed: 1 }
  writeFiles(path('study'), makeTrialTable(sizes))
  return path('study')
})

/** The same without any column that tells its rate, 4 Hz. */
export const unrated = once(() => {
  cpSync(study(), path('unrated'), { recursive: true })
  const rows = readFileSync(path('study', 'trials.csv'), 'utf8').trimEnd().split('\n')
  const cells = rows.map((row) => row.split(','))
  const kept = cells[0]!.map((name) => !['sample_rate_hz', 'duration_s', 'n_samples'].includes(name))
  const table = cells.map((row) => row.filter((_, i) => kept[i]).join(',')).join('\n')
  writeFileSync(path('unrated', 'trials.csv'), `${table}\n`)
  return path('unrated')
})

export const prepared = once(async () => {
  await start(['prepare', '--data', study(), '--out', path('prepared'), '--length', '320'])
  return path('prepared')
})

export const briefly = ['--folds', 'subject:3', '--epochs', '1', ...SMALL]

/** A run of one fold, and what it printed on a terminal. */
export const trained = once(async () => {
  const args = ['train', '--data', await prepared(), '--out', path('run'), '--only-fold', '0', ...briefly]
  return { run: path('run'), ...(await start([...args, '--json'], { terminal: true })) }
})

/** A folder with one recording of 30 s at 4 Hz. */
export const recordings = once(() => {
  mkdirSync(path('recordings'))
  const rows = Array.from(
    { length: 120 },
    (_, i) => `${i / 4},${(2 + Math.sin(i / 9) + 0.1 * Math.sin(i * i)).toFixed(5)}`,
  )
  writeFileSync(path('recordings', 'a.csv'), ['time_s,eda_us', ...rows].join('\n'))
  return path('recordings')
})
