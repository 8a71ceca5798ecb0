// A device that a page loses while galvani works on it: destroyed by the page, or gone with the browser's GPU process.
import { expect, it } from 'vitest'
import { launchChromium } from './chromium.ts'
import { serve } from './serve.ts'

/** What each call of a Gpu comes to when `lose` takes its device away in the middle of them. */
const page = `
  import { decompose, DeviceLostError, Gpu, Plan, relu } from './index.js'
  const kinds = (error) => [error instanceof DeviceLostError, error.code, error.message.slice(0, 19)].join(' ')
  const outcome = (promise) => promise.then(() => 'done', kinds)
  const signal = (n) => Float64Array.from({ length: n }, (_, i) => Math.sin(i / 9) + (i % 37) / 20)

  export async function outcomes(lose) {
    const adapter = await navigator.gpu.requestAdapter()
    const device = await adapter.requestDevice()
    const gpu = Gpu.fromDevice(device)
    const plan = new Plan(gpu)
    plan.output('y', relu(plan, plan.input('x', [1000, 64])))
    await plan.compile()
    plan.run()
    await plan.read('y')
    const forever = async (act) => {
      for (;;) await act()
    }
    const long = decompose(gpu, Array(64).fill(signal(4000)), { sampleRate: 8 })
    // Long enough for its kernels to be compiled and its first results to be waited for.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const pending = {
      long: outcome(long),
      read: outcome(forever(() => plan.read('y'))),
      idle: outcome(forever(() => (plan.run(), gpu.idle()))),
      compile: outcome(forever(() => {
        const next = new Plan(gpu)
        next.output('y', relu(next, next.input('x', [4])))
        return next.compile().then(() => next.destroy())
      })),
    }
    await lose(device)
    const found = {}
    for (const [name, promise] of Object.entries(pending)) found[name] = await promise
    for (const [name, act] of Object.entries({
      run: () => plan.run(),
      write: () => plan.write('x', new Float32Array(64000)),
      nextRead: () => plan.read('y'),
      decompose: () => decompose(gpu, [signal(200)], { sampleRate: 8 }),
    })) found[name] = await outcome(new Promise((resolve) => resolve(act())))
    await gpu.close()
    return found
  }
  export const byPage = () => outcomes((device) => device.destroy())
  export const byBrowser = () => globalThis.kept = outcomes((device) => ((globalThis.waiting = true), device.lost))
`

const LOST = 'true device-lost the device was lost'
const ALL = Object.fromEntries(
  ['long', 'read', 'idle', 'compile', 'run', 'write', 'nextRead', 'decompose'].map((name) => [name, LOST]),
)

it('is a DeviceLostError of every call, under way or new', async () => {
  const server = await serve({ 'page.js': page })
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage()
    await tab.goto(server.url)
    expect(await tab.evaluate('import("./page.js").then((module) => module.byPage())')).toEqual(ALL)

    const found = tab.evaluate('import("./page.js").then((module) => module.byBrowser())')
    await tab.waitForFunction('globalThis.waiting')
    const session = await browser.newBrowserCDPSession()
    await session.send('Browser.crashGpuProcess')
    expect(await found).toEqual(ALL)
  } finally {
    await browser.close()
    server.close()
  }
})
