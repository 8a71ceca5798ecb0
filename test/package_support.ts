// The package as npm would install it.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Manifest {
  files: string[]
  exports: Record<string, unknown>
  dependencies: Record<string, string>
}
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest

/** Installs what package.json lists as files, and of its dependencies no more than it declares for users. */
export function installPackage(home: string): void {
  const modules = join(home, 'node_modules')
  for (const file of ['package.json', ...manifest.files]) {
    const filter = (source: string) => !source.includes(join('bench', 'peers', 'node_modules'))
    cpSync(join(root, file), join(modules, 'galvani', file), { recursive: true, filter })
  }
  for (const name of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction')
  }
}

/** The README's program. */
export const snippet = /```ts\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? ''
/** What it takes from its surroundings. */
export const declared = `
declare const device: GPUDevice
declare const eda: Float64Array
declare const batch: Float32Array
`

/** A program that imports every entry. */
export const everyEntry = `
  import { openGpu as openInNode } from 'galvani/node'
  import { openGpu as openInPage } from 'galvani/browser'
  import { readRecording, type Recording } from 'galvani/files'
  import { makeFolds, trainRun, type RunConfig } from 'galvani/training'
  import type { Gpu, Tensor } from 'galvani'
  export const gpus: Promise<Gpu>[] = [openInNode({ adapter: 'llvmpipe' }), openInPage()]
  export const recording: Recording = readRecording('1', 'a.csv', { sampleRate: 4 })
  export const device = (gpu: Gpu): GPUDevice => gpu.device
  export const buffer = (tensor: Tensor): GPUBuffer => tensor.buffer
  export const training = { makeFolds, trainRun }
  export type { RunConfig }`

/** Writes a module of a user into the folder of an installed package. */
export function writeModule(home: string, text: string): string {
  const file = join(home, 'user.mts')
  writeFileSync(file, text)
  return file
}
