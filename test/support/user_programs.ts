// What strangers write: the programs of the documents, and one that imports every entry of the package.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What programs in the documents take for given. */
const GIVEN: Readonly<Record<string, string>> = {
  device: 'GPUDevice',
  gpu: "import('galvani').Gpu",
  eda: 'Float64Array',
  first: 'Float64Array',
  second: 'Float64Array',
  batch: 'Float32Array',
  recordings: 'GPUBuffer',
  phasicBuffer: 'GPUBuffer',
  model: "import('galvani').Rtcan1d",
  text: 'string',
  trained: "import('galvani/files').Store",
  store: "import('galvani/files').Store",
  wristband: '{ on: (event: string, hear: (samples: number[]) => Promise<void>) => void }',
  keep: "(part: import('galvani').StreamPart) => void",
  draw: "(part: import('galvani').StreamPart) => void",
}

/** Programs of a document, each with declarations of what it uses and does not make itself. */
function programsOf(path: string): Record<string, string> {
  const snippets = [...readFileSync(join(root, path), 'utf8').matchAll(/^```(?:ts|js)\n([^]*?)^```/gm)].map(
    ([, code]) => code!,
  )
  // Lines of the sources, which test/docs.test.ts finds there, and files of a page, which test/browser/ runs.
  const programs = snippets.filter((code) => !/^\/\/ (?:src\/|\w+\.js\n)/.test(code))
  return Object.fromEntries(
    programs.map((code, i) => {
      const given = Object.entries(GIVEN).filter(([name]) => !new RegExp(`(?:const|let) \\W*${name}\\b`).test(code))
      return [
        `${path.replace(/\W/g, '_')}_${i}`,
        `${code}\n${given.map(([name, type]) => `declare const ${name}: ${type}`).join('\n')}\nexport {}\n`,
      ]
    }),
  )
}

const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
/** By names that say where they stand. */
export const programs = Object.assign({}, ...documents.map(programsOf)) as Record<string, string>
/** The first of README. */
export const readme = programs['README_md_0'] ?? ''

/** The same with an option that does not exist. */
export const misspelt = readme.replace("fileSource('EDA.csv')", "fileSource('EDA.csv'), { rate: 4 }")

/** A program that imports every entry. */
export const everyEntry = `
  import { NodeStore, openGpu as openInNode } from 'galvani/node'
  import { openGpu as openInPage } from 'galvani/browser'
  import { memorySource, readRecording, type Recording } from 'galvani/files'
  import { makeFolds, trainRun, type RunConfig } from 'galvani/training'
  import { conv1d } from 'galvani/kernels'
  import { analyse } from 'galvani/recordings'
  import { defineKernel } from 'galvani/kernels/define'
  import { admm } from 'galvani/solvers'
  import { decompose, type Gpu, type Tensor } from 'galvani'
  export const gpus: Promise<Gpu>[] = [openInNode({ adapter: 'llvmpipe' }), openInPage()]
  export const recording: Recording = await readRecording(memorySource('a.csv', '1'), { sampleRate: 4 })
  export const device = (gpu: Gpu): GPUDevice => gpu.device
  export const buffer = (tensor: Tensor): GPUBuffer => tensor.buffer
  export const decomposed = (gpu: Gpu) => decompose(gpu, [[1, 2, 3]], { sampleRate: 4, solver: admm })
  export const functions = { analyse, conv1d, makeFolds, NodeStore, trainRun }
  export type { RunConfig }`

/** Writes modules of a user into the folder of an installed package; returns their paths. */
export function writeModules(home: string, modules: Readonly<Record<string, string>>): string[] {
  return Object.entries(modules).map(([name, text]) => {
    writeFileSync(join(home, `${name}.mts`), text)
    return join(home, `${name}.mts`)
  })
}
