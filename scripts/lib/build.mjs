// The build in dist/, made anew when a file it is made from has changed.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { errorLines, node, root, step } from './run.mjs'

/** Files and folders of all that a build reads; of packages, the lock file tells. */
export const INPUTS = [
  ...['src', 'cli', 'bench', 'shaders', 'tools'],
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.types.json'],
]
const STAMP = join(root, 'dist', '.inputs')

export async function build() {
  const inputs = hashOf(INPUTS)
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputs) return
  await step('building dist', async () => {
    const { code, output } = await node(['tools/build.mjs'])
    if (code !== 0) throw new Error(`the build failed:\n${errorLines(output)}`)
    writeFileSync(STAMP, inputs)
  })
}

/** A digest of names and contents: times of change mean nothing after a checkout. */
export function hashOf(paths, directory = root) {
  const hash = createHash('sha256')
  for (const path of inputFiles(paths, directory)) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(directory, path)))
      .update('\0')
  }
  return hash.digest('hex')
}

/** Every file of which the digest is made. */
export const inputFiles = (paths, directory = root) => paths.flatMap((path) => filesUnder(directory, path)).sort()

function filesUnder(directory, path) {
  const full = join(directory, path)
  if (!existsSync(full) || basename(path) === 'node_modules') return []
  try {
    return readdirSync(full).flatMap((name) => filesUnder(directory, `${path}/${name}`))
  } catch {
    return [path]
  }
}
