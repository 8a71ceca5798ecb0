// Child processes and progress lines for the scripts. Standard error carries progress, as in the command line.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export const say = (line) => process.stderr.write(`${line}\n`)

/** Runs a program to its end without standard input; resolves to its exit code and what it wrote. */
export function run(command, args, { env = {}, stdio = ['ignore', 'pipe', 'pipe'], timeout } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio, timeout })
    let stdout = ''
    let output = ''
    child.stdout?.on('data', (chunk) => (stdout += chunk))
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ code: 127, stdout, output: `${output}${error.message}` }))
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output }))
  })
}

/** Runs a script of this Node. */
export const node = (args, options) => run(process.execPath, args, options)

/** Writes one progress line around some work: what it is before, how it ended and how long it took after. */
export async function step(title, work) {
  const started = Date.now()
  process.stderr.write(`${title} ... `)
  try {
    const result = await work()
    say(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`)
    return result
  } catch (error) {
    say('failed')
    throw error
  }
}

/** What a long output says went wrong: its first lines marked as errors (npm, apt-get, esbuild), else its last lines. */
export function errorLines(output, most = 12) {
  const lines = output.trimEnd().split('\n')
  const marked = lines.filter((line) => /^(npm error \S|E: |✘ | {4}\S+:\d+:\d+:$)/.test(line))
  return (marked.length > 0 ? marked.slice(0, most) : lines.slice(-most)).join('\n')
}
