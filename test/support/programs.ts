// Programs that import from `src/`, each in a Node of its own.
import { build } from 'esbuild'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Bundles a program that stands in `test/`. Returns its path in `.cache/test`, which the caller removes. */
export async function bundle(contents: string): Promise<string> {
  const directory = join(root, '.cache', 'test')
  mkdirSync(directory, { recursive: true })
  const outfile = join(directory, `${randomUUID()}.mjs`)
  const stdin = { contents, resolveDir: join(root, 'test'), loader: 'ts' as const }
  await build({ stdin, outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external' })
  return outfile
}

/** Runs a program; resolves to its exit code, its last line as JSON, and what it wrote to stderr. */
export async function program(
  contents: string,
  options: { args?: string[]; env?: Record<string, string>; detached?: boolean } = {},
) {
  const outfile = await bundle(contents)
  const { args = [], env, detached = false } = options
  const child = spawn(process.execPath, [...args, outfile], { env: { ...process.env, ...env }, detached })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  rmSync(outfile)
  const last = stdout.trim().split('\n').at(-1) ?? ''
  return { code, stderr, value: last === '' ? undefined : (JSON.parse(last) as unknown) }
}
