// A page reads the files of datasets as Node does: what decoders of text do with bytes differs between the two.
import { build } from 'esbuild'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Random } from '../../src/runtime/random.ts'
import { cells, matFile, numbers, texts } from '../support/mat_writer.ts'
import { pickleArrays, pickleCall, STYLES } from '../support/numpy_pickle_writer.ts'
import { launchChromium } from './chromium.ts'
import { readFolders, type Folders } from './dataset_case.ts'
import { serve } from './serve.ts'

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
const base64 = (content: Uint8Array | string): string => Buffer.from(content).toString('base64')

/** Numbers of whose bytes every one occurs. */
function anyNumbers(count: number, seed: number): Float64Array {
  const random = new Random(seed)
  return Float64Array.from({ length: count }, () => random.normal() * 10 ** Math.round(6 * random.uniform() - 3))
}

function deapFolders(): Folders {
  const [trials, channels, samples] = [2, 40, 60]
  const data = { values: anyNumbers(trials * channels * samples, 1), shape: [trials, channels, samples] }
  const labels = { values: [7.5, 2.25, 5, 9, 1, 8.5, 3.5, 4], shape: [trials, 4] }
  return Object.fromEntries(
    Object.entries(STYLES).map(([name, style]) => [
      `DEAP, ${name}`,
      { 's01.dat': base64(pickleArrays({ data, labels }, style)) },
    ]),
  )
}

function amigosFolder(bigEndian: boolean): Record<string, string> {
  const samples = 700
  const file = matFile(
    {
      joined_data: cells([1, 2], [numbers([samples, 17], [...anyNumbers(17 * samples, 2)]), numbers([0, 0], [])]),
      labels_selfassessment: cells(
        [1, 2],
        [numbers([1, 12], [2.5, 7, 3, 4, 5, 0, 0, 1, 0, 0, 0, 1]), numbers([0, 0], [])],
      ),
      VideoIDs: cells([1, 2], [texts(['10']), texts(['Ünicode'])]),
    },
    { bigEndian },
  )
  return { 'Data_Preprocessed_P01.mat': base64(file) }
}

const pmemo = {
  'EDA/9_EDA.csv': base64('\uFEFFtime(s);100083;P100084\r\n0,00;1,5;2\r\n0,02;1,25;\r\n0,04;1;\r\n'),
  'metadata.csv': base64(Buffer.from('musicId,title\n9,Michael Bubl\xe9\n', 'latin1')),
  'annotations/static_annotations.csv': base64(
    Buffer.from('\uFEFFmusicId,Arousal(mean),Valence(mean)\n9,0.5,0.25\n', 'utf16le'),
  ),
}

/** The samples that lie beside this clone, if they do. */
function sharedFolders(): Folders {
  if (!existsSync(shared)) return {}
  const file = (path: string): string => base64(readFileSync(shared + path))
  return {
    ...Object.fromEntries(
      ['deap_python2.dat', 'deap_python3_protocol2.dat', 'deap_python3_protocol4.dat'].map((name) => [
        name,
        { 's01.dat': file(`formats/${name}`) },
      ]),
    ),
    ...Object.fromEntries(
      ['amigos_scipy.mat', 'amigos_matlab.mat'].map((name) => [
        name,
        { 'Data_Preprocessed_P01.mat': file(`formats/${name}`) },
      ]),
    ),
  }
}

const program = `export { readFolders } from './dataset_case.ts'`

it('a page reads DEAP, AMIGOS, PMEmo and recordings as Node does', async () => {
  const folders: Folders = {
    ...deapFolders(),
    'a program': { 's01.dat': base64(pickleCall('os', 'system', 'touch owned')) },
    AMIGOS: amigosFolder(false),
    'AMIGOS, big-endian': amigosFolder(true),
    PMEmo: pmemo,
    E4: { 'anna/EDA.csv': base64('1606867200.000000\r\n4.000000\r\n0.5\r\n0.6\r\n0.7\r\n') },
    ...sharedFolders(),
  }
  const stdin = { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)) }
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false })
  const server = await serve({
    'case.js': outputFiles[0]?.text ?? '',
    'folders.js': `export const folders = ${JSON.stringify(folders)}`,
    'page.js': `
      import { readFolders } from './case.js'
      import { folders } from './folders.js'
      export const result = await readFolders(folders)`,
  })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    const page: unknown = await tab.evaluate('import("./page.js").then((module) => module.result)')
    const node = await readFolders(folders)
    expect(page).toEqual(node)
    // Nothing of it is a refusal on both sides, but for the program.
    expect(Object.keys(node).filter((name) => /^\w*Error/.test(node[name]![0]!))).toEqual(['a program'])
    expect(node['PMEmo']!.join('\n')).toContain('Michael Bublé')
  } finally {
    await browser.close()
    server.close()
  }
})
