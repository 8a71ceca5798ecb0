// The store of a page does what the other stores do, and keeps its files when the page is left.
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { MemoryStore } from '../../src/store/memory.ts'
import { launchChromium } from './chromium.ts'
import { serve } from './serve.ts'
import { exercise } from './store_case.ts'

const program = `
  import { exercise } from './store_case.ts'
  import { IndexedDbStore } from '../../src/store/indexeddb.ts'
  export async function first() {
    const store = await IndexedDbStore.open('galvani test')
    const seen = await exercise(store)
    store.close()
    return seen
  }
  export async function later() {
    const store = await IndexedDbStore.open('galvani test')
    return [await store.list(''), await store.readText('run/config.json')]
  }
`

it('keeps files in a page', async () => {
  const stdin = { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)) }
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false })
  const server = await serve({ 'page.js': outputFiles[0]?.text ?? '' })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    const seen: unknown = await tab.evaluate('import("./page.js").then((module) => module.first())')
    expect(seen).toEqual(await exercise(new MemoryStore()))
    await tab.goto('about:blank')
    await tab.goto(server.url)
    const kept: unknown = await tab.evaluate('import("./page.js").then((module) => module.later())')
    expect(kept).toEqual([['copied', 'run'], 'short'])
  } finally {
    await browser.close()
    server.close()
  }
})
