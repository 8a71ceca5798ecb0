// Pages of other people over the packed package: each way to build one, its page and a module worker of it, under a strict policy.
import { build as esbuild } from 'esbuild'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build as viteBuild, createLogger, createServer } from 'vite'
import { writeFiles } from '../cli/support.ts'
import { installPacked } from '../support/packed.ts'
import { serveFolder } from '../browser/serve.ts'
import { inTab } from '../browser/tab.ts'

const home = mkdtempSync(join(tmpdir(), 'galvani apps-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** A page that decomposes on a GPU, by workers and on its own thread, and has a module worker of its own that does the same. */
const APP = {
  'index.html': '<!doctype html><title>app</title><script type="module" src="./page.js"></script>',
  'page.js': `
    import { run } from './run.js'
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message || 'the worker did not load'))
    })
    globalThis.result = Promise.all([run(), answer])
  `,
  'worker.js': `
    import { run } from './run.js'
    run().catch((error) => error.message).then((answer) => postMessage(answer))
  `,
  'run.js': `
    import { decompose } from 'galvani'
    import { openCpu, openGpu } from 'galvani/browser'
    const signal = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i / 9) + (i % 37) / 20)
    export async function run() {
      const [gpu, cpu] = [await openGpu(), openCpu({ workers: 2 })]
      const [onGpu, byWorkers, here] = await Promise.all(
        [gpu, cpu, 'cpu'].map((device) => decompose(device, [signal, signal.map((x) => -x)], { sampleRate: 8 })),
      )
      await gpu.close()
      await cpu.close()
      const differences = (other) => here[0].phasic.map((x, i) => Math.abs(x - other[0].phasic[i]))
      return { gpu: Math.max(...differences(onGpu)) < 1e-3, workers: Math.max(...differences(byWorkers)) === 0 }
    }
  `,
}

/** In the page, and in its worker. */
const RIGHT = [
  { gpu: true, workers: true },
  { gpu: true, workers: true },
]

/** Nothing inline, nothing from elsewhere, no evaluation of text: what the strictest pages send. */
const STRICT = { 'content-security-policy': "default-src 'none'; script-src 'self'" }

const WORKER_PROGRAM = join(home, 'node_modules/galvani/dist/browser_worker.js')

beforeAll(async () => {
  await installPacked(home, [])
  writeFiles(home, APP)
})

async function expectRight(url: string): Promise<void> {
  await inTab(url, async (tab) => expect(await tab.evaluate('result')).toEqual(RIGHT))
}

async function expectServed(folder: string): Promise<void> {
  const server = await serveFolder(folder, STRICT)
  try {
    await expectRight(server.url)
  } finally {
    server.close()
  }
}

it('without a bundler and without an import map, which a worker does not heed', async () => {
  const folder = join(home, 'plain')
  mkdirSync(folder)
  const byUrl = APP['run.js']
    .replace("'galvani'", "'./galvani/index.js'")
    .replace("'galvani/browser'", "'./galvani/browser.js'")
  writeFiles(folder, { ...APP, 'run.js': byUrl })
  cpSync(join(home, 'node_modules/galvani/dist'), join(folder, 'galvani'), { recursive: true })
  await expectServed(folder)
})

it('by esbuild, told of the program of the workers', async () => {
  const outdir = join(home, 'esbuild')
  const entryPoints = [join(home, 'page.js'), join(home, 'worker.js'), WORKER_PROGRAM]
  const { warnings } = await esbuild({
    ...{ entryPoints, entryNames: '[name]', outdir, absWorkingDir: home },
    ...{ bundle: true, splitting: true, format: 'esm', minify: true },
  })
  expect(warnings).toEqual([])
  writeFiles(outdir, { 'index.html': APP['index.html'] })
  await expectServed(outdir)
})

/** Keeps what Vite warns of. */
function listening() {
  const warnings: string[] = []
  const customLogger = createLogger('warn')
  customLogger.warn = customLogger.warnOnce = customLogger.error = (message) => void warnings.push(message)
  return { warnings, customLogger }
}

it('by Vite, built, with nothing to set', async () => {
  const { warnings, customLogger } = listening()
  const outDir = join(home, 'vite')
  await viteBuild({ root: home, configFile: false, logLevel: 'warn', customLogger, build: { outDir } })
  expect(warnings).toEqual([])
  await expectServed(outDir)
})

it('by Vite, while it is written', async () => {
  const { warnings, customLogger } = listening()
  const server = await createServer({
    ...{ root: home, configFile: false, logLevel: 'warn', customLogger, cacheDir: join(home, '.vite') },
    server: { host: '127.0.0.1', port: 0 },
  })
  try {
    await server.listen()
    await expectRight(server.resolvedUrls!.local[0]!)
    expect(warnings).toEqual([])
  } finally {
    await server.close()
  }
})
