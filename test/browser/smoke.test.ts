import { transform } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { openGpu } from '../../src/runtime/node.ts'
import { runCase } from './case.ts'
import { launchChromium } from './chromium.ts'
import { serve } from './serve.ts'

const page = `
  import { openGpu } from './browser.js'
  import { runCase } from './case.js'
  const gpu = await openGpu()
  export const result = { info: gpu.info, values: await runCase(gpu) }
  await gpu.close()
`

/** Runs the case in headless Chromium, on the modules of dist/. */
async function inChromium() {
  const source = await readFile(new URL('case.ts', import.meta.url), 'utf8')
  const server = await serve({ 'case.js': (await transform(source, { loader: 'ts' })).code, 'page.js': page })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    const result: unknown = await tab.evaluate('import("./page.js").then((module) => module.result)')
    return result as { info: { architecture: string }; values: Awaited<ReturnType<typeof runCase>> }
  } finally {
    await browser.close()
    server.close()
  }
}

it('a page computes what Node does', async () => {
  const browser = await inChromium()
  const gpu = await openGpu()
  const node = await runCase(gpu)
  await gpu.close()
  expect(browser.info.architecture).toBe('swiftshader')
  for (const [i, value] of node.squares.entries()) expect(browser.values.squares[i]).toBeCloseTo(value, 5)
})
