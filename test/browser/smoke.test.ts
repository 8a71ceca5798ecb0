import { transform } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import type * as Galvani from '../../src/index.ts'
import type * as Node from '../../src/runtime/node.ts'
import { runCase, type Modules } from './case.ts'
import { launchChromium } from './chromium.ts'
import { serve } from './serve.ts'

const page = `
  import * as galvani from './index.js'
  import * as kernels from './kernels.js'
  import { openGpu } from './browser.js'
  import * as recordings from './recordings.js'
  import { runCase } from './case.js'
  const gpu = await openGpu()
  export const result = { info: gpu.info, values: await runCase({ ...galvani, ...kernels, ...recordings }, gpu) }
  await gpu.close()
`

type Values = Awaited<ReturnType<typeof runCase>>

/** Runs the case in headless Chromium, on the modules of dist/. */
async function inChromium() {
  const source = await readFile(new URL('case.ts', import.meta.url), 'utf8')
  const server = await serve({ 'case.js': (await transform(source, { loader: 'ts' })).code, 'page.js': page })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    const result: unknown = await tab.evaluate('import("./page.js").then((module) => module.result)')
    return result as { info: Galvani.AdapterInfo; values: Values }
  } finally {
    await browser.close()
    server.close()
  }
}

/** The same modules of dist/ in Node; imported by URL, since they are no part of the type-checked sources. */
async function inNode(): Promise<Values> {
  const load = (name: string) => import(new URL(`../../dist/${name}`, import.meta.url).href)
  const parts = await Promise.all(['index.js', 'kernels.js', 'recordings.js'].map(load))
  const modules = Object.assign({}, ...parts) as Modules
  const { openGpu } = (await load('node.js')) as typeof Node
  const gpu = await openGpu()
  try {
    return await runCase(modules, gpu)
  } finally {
    await gpu.close()
  }
}

/** Root mean square of the difference over that of the expected values. */
function relativeError(actual: readonly number[], expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length)
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0)
  return Math.sqrt(square(actual.map((value, i) => value - (expected[i] ?? NaN))) / square(expected))
}

it('a page decomposes a signal and takes a step of the model as Node does', async () => {
  const { info, values: page } = await inChromium()
  const node = await inNode()
  expect(info.architecture).toBe('swiftshader')

  expect([page.decomposition.status, node.decomposition.status]).toEqual(['solved', 'solved'])
  expect(relativeError(page.decomposition.phasic, node.decomposition.phasic)).toBeLessThan(1e-4)
  expect(relativeError(page.decomposition.tonic, node.decomposition.tonic)).toBeLessThan(1e-4)

  expect(relativeError(page.step.loss, node.step.loss)).toBeLessThan(1e-4)
  expect(relativeError(page.step.logits, node.step.logits)).toBeLessThan(1e-4)
  const names = Object.keys(node.step.gradients)
  expect(Object.keys(page.step.gradients)).toEqual(names)
  const all = ({ step }: Values) => names.flatMap((name) => step.gradients[name] ?? [])
  expect(relativeError(all(page), all(node))).toBeLessThan(1e-4)
})
