// Starts the command line as a user does: a process of its own, and what it leaves behind.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, expect } from 'vitest'
import { makeTrialTable } from '../../src/datasets/synthetic.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, 'bin', 'galvani.js')

// `npm test` has built it already; this is for a test file that is run alone.
if (!existsSync(join(root, 'dist', 'cli.js')))
  spawnSync(process.execPath, [join(root, 'tools', 'build.mjs'), '--no-types'])

export interface Finished {
  code: number | null
  stdout: string
  /** Lines on stderr, but for the progress that was expected. */
  lines: string[]
}

export interface StartOptions {
  cwd?: string
  env?: Record<string, string>
  /** Options of Node itself. */
  node?: string[]
  /** Lines that are no complaint. */
  progress?: RegExp
  onStart?: (child: ChildProcess) => void
  /** Called with each piece of stderr, e.g. to interrupt at some point. */
  onStderr?: (text: string, child: ChildProcess) => void
}

export async function galvani(
  args: string[],
  { cwd, env, node = [], progress, onStart, onStderr }: StartOptions = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [...node, program, ...args], {
    cwd,
    env: { ...process.env, GALVANI_TUNE: 'off', ...env },
  })
  onStart?.(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
    onStderr?.(chunk.toString(), child)
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, stdout, lines: stderr.split('\n').filter((line) => line !== '' && !progress?.test(line)) }
}

/** A good end: no complaint, and the result. */
export async function succeeds(args: string[], options?: StartOptions): Promise<Finished> {
  const finished = await galvani(args, options)
  expect(finished.code, finished.lines.join('\n')).toBe(0)
  return finished
}

/** With --json, stdout is one JSON document and nothing else. */
export async function json<T = Record<string, unknown>>(args: string[], options?: StartOptions): Promise<T> {
  return JSON.parse((await succeeds([...args, '--json'], options)).stdout) as T
}

/** One line that says what is wrong, the exit code, and nothing on stdout. */
export async function refuses(
  args: string[],
  code: number,
  says: string | RegExp,
  options?: StartOptions,
): Promise<void> {
  const finished = await galvani(args, options)
  expect(finished.lines.join('\n')).toMatch(says)
  expect(finished.lines).toHaveLength(1)
  expect(finished.lines[0]).toMatch(/^galvani: /)
  expect(finished.stdout).toBe('')
  expect(finished.code).toBe(code)
}

const preloads = join(root, '.cache', 'test')

/** An option of Node: a module that is loaded before the program. It lies in this clone, so that it finds the packages. */
export function preload(name: string, text: string): string[] {
  writeFiles(preloads, { [name]: text })
  return ['--import', pathToFileURL(join(preloads, name)).href]
}

/** On Linux: a machine on which no adapter is to be found, not even a packed one. */
export const withoutAdapter = (): StartOptions => ({
  env: { VK_DRIVER_FILES: '/nonexistent/icd.json' },
  // Where the system is not Linux no SwiftShader is looked for; Dawn must be loaded before it is told so.
  node: preload(
    'elsewhere.mjs',
    "await import('webgpu'); Object.defineProperty(process, 'platform', { value: 'elsewhere' })",
  ),
  progress: /^Warning: (vkCreateInstance|loader_get_json)|^ +at CheckVkSuccess/, // of the variable
})

/** A folder for one test file, with a blank in its name; removed at the end. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'galvani test-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

/** 6 subjects with 6 trials of about 20 s. */
export function writeStudy(folder: string, seed = 1): void {
  writeFiles(folder, makeTrialTable({ subjects: 6, trialsPerSubject: 6, stimuli: 8, seconds: 20, effect: 1, seed }))
}

/** Names of all files under a folder. */
export const filesUnder = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
    : []

/** Settings of a network that trains in a moment. */
export const SMALL =
  '--set channels=8 --set stage_channels=[8,8,8,8] --set final_pool=2 --set hidden=[16,8] --batch 16'.split(' ')
/** With its input's length, for data that are not prepared yet. */
export const SMALL_TRAINING = [...SMALL, '--set', 'length=320']
