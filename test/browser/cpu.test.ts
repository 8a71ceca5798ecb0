// The workers of a page, and those of a Node process, on the modules of dist/.
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { fileURLToPath } from 'node:url'
import { launchChromium } from './chromium.ts'
import { serve } from './serve.ts'

/** Two signals by workers and by the thread that asks; a call that is stopped, and one that goes on after it. */
const program = (openCpuFrom: string): string => `
  import { decompose } from './index.js'
  import { openCpu } from '${openCpuFrom}'
  const signal = (n) => Float64Array.from({ length: n }, (_, i) => Math.sin(i / 9) + (i % 37) / 20)
  const signals = [signal(200), signal(120), signal(200)]
  const options = { sampleRate: 8 }
  const cpu = openCpu({ workers: 2 })
  const done = []
  const there = await decompose(cpu, signals, { ...options, onProgress: (count) => done.push(count) })
  const here = await decompose('cpu', signals, options)
  const stop = new AbortController()
  const stopped = decompose(cpu, Array(500).fill(signal(20000)), { ...options, signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 30)
  const reason = await stopped.catch((error) => error.message)
  const [again] = await decompose(cpu, [signals[0]], options)
  const text = (found) => JSON.stringify(found, (_, part) => (ArrayBuffer.isView(part) ? [...part] : part))
  export const result = {
    isSame: text(there) === text(here),
    done: done.at(-1),
    reason,
    again: text([again]) === text([here[0]]),
    phasic: there[0].phasic.length,
  }`

const EXPECTED = { isSame: true, done: 3, reason: 'enough', again: true, phasic: 200 }

it('a page decomposes by workers, to the same bits', async () => {
  const server = await serve({ 'page.js': program('./browser.js') })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    expect(await tab.evaluate('import("./page.js").then((module) => module.result)')).toEqual(EXPECTED)
  } finally {
    await browser.close()
    server.close()
  }
})

it('a process of Node does, and ends by itself though nobody closes them', () => {
  const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
  const text = `${program('./node.js')}\nconsole.log(JSON.stringify(result))`
  const urls = text.replace(/from '\.\/(\w+\.js)'/g, `from '${new URL('../../dist/', import.meta.url).href}$1'`)
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', urls], {
    cwd: dist,
    encoding: 'utf8',
    timeout: 300_000,
  })
  expect([stderr, status]).toEqual(['', 0])
  expect(JSON.parse(stdout)).toEqual(EXPECTED)
})
