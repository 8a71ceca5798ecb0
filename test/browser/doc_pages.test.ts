// docs/browser.md does what it says: its files and its commands, on the packed package in Chromium.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeFiles } from '../cli/support.ts'
import { installPacked } from '../support/packed.ts'
import { serveFolder } from './serve.ts'
import { inTab } from './tab.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'galvani doc pages-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const text = readFileSync(join(root, 'docs/browser.md'), 'utf8')
/** By the name in the first line of each. */
const files = Object.fromEntries(
  [...text.matchAll(/^```(?:html|js)\n(?:<!-- |\/\/ )(\S+\.(?:html|js)).*\n([^]*?)^```/gm)].map(([, name, code]) => [
    name!,
    code!,
  ]),
)
const index = files['index.html']!.replace(/<script type="importmap">[^]*?<\/script>\n/, '')

beforeAll(async () => {
  await installPacked(home, [])
  writeFiles(home, files)
})

/** A command of the document, by this checkout's program. */
function run(start: string): void {
  const words = new RegExp(`^    npx (${start}.*)$`, 'm').exec(text)![1]!.split(' ')
  const program = join(root, 'node_modules/.bin', words[0]!)
  const { status, stderr } = spawnSync(program, words.slice(1), { cwd: home, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
}

async function expectAnswer(folder: string): Promise<void> {
  const server = await serveFolder(folder)
  try {
    await inTab(server.url, async (tab) => {
      await tab.locator('output', { hasText: /^solved: \d+ responses, level [\d.]+$/ }).waitFor()
      if (folder !== home) return
      // And the worker beside the page, on samples that are handed to it.
      const status = await tab.evaluate(async () => {
        const worker = new Worker('./worker.js', { type: 'module' })
        const heard = () => new Promise((hear) => (worker.onmessage = ({ data }) => hear(data)))
        if ((await heard()) !== 'ready') throw new Error('the worker did not start')
        worker.postMessage(Float64Array.from({ length: 200 }, (_, i) => Math.sin(i / 9) + (i % 37) / 20))
        return ((await heard()) as { status: string }).status
      })
      expect(status).toBe('solved')
    })
  } finally {
    server.close()
  }
}

it('has the three files', () => expect(Object.keys(files).sort()).toEqual(['index.html', 'page.js', 'worker.js']))

it('a page without a bundler, and its worker', async () => {
  await expectAnswer(home)
})

it('a page by esbuild', async () => {
  run('esbuild')
  writeFiles(join(home, 'public'), { 'index.html': index })
  await expectAnswer(join(home, 'public'))
})

it('a page by Vite', async () => {
  writeFiles(home, { 'index.html': index })
  rmSync(join(home, 'public'), { recursive: true, force: true }) // which Vite would copy
  run('vite')
  await expectAnswer(join(home, 'dist'))
})
