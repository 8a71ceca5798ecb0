// A page as a person sees it: in a tab that must not complain, and by the pixels of its canvas.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchChromium } from './chromium.ts'

/** Errors that devices of a page and of its frames report and nobody captures. */
const collectDeviceErrors = `
  globalThis.deviceErrors = []
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args)
    device.addEventListener('uncapturederror', ({ error }) => deviceErrors.push(error.message))
    return device
  }`

/** Opens a page in a tab of a browser of its own, 360 by 740; whatever the browser has to complain of fails the test. */
export async function inTab(url: string, work: (tab: Page) => Promise<void>): Promise<void> {
  const browser = await launchChromium()
  try {
    const tab = await browser.newPage({ viewport: { width: 360, height: 740 } })
    const complaints: string[] = []
    tab.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    tab.on('pageerror', (error) => complaints.push(error.message))
    tab.on('requestfailed', (request) => complaints.push(request.url()))
    await tab.addInitScript(collectDeviceErrors)
    await tab.goto(url)
    await work(tab)
    expect(await tab.evaluate('deviceErrors')).toEqual([])
    expect(complaints).toEqual([])
  } finally {
    await browser.close()
  }
}

/** Rows of pixels from the top in which a colour stands, column by column of the page's canvas as it is on the screen. */
export interface Trace {
  height: number
  rows: number[][]
}

export async function traceOf(tab: Page, color: readonly [number, number, number]): Promise<Trace> {
  const png = (await tab.locator('canvas').screenshot()).toString('base64')
  const look = async ({ png, color }: { png: string; color: readonly number[] }) => {
    const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const { width, height } = image
    const context = new OffscreenCanvas(width, height).getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    const rows: number[][] = Array.from({ length: width }, () => [])
    for (let at = 0; at < data.length; at += 4) {
      if (color.some((value, i) => Math.abs(value - data[at + i]!) > 3)) continue
      rows[(at / 4) % width]!.push(Math.floor(at / 4 / width))
    }
    return { height, rows }
  }
  return await tab.evaluate(look, { png, color })
}

/** Pixels by which a line may be off, half its width included. */
const TOLERANCE = 2.5

/** Columns in which no line stands, or elsewhere than `values` between the bottom and the top of `range` belong. */
export function misdrawn(
  { height, rows }: Trace,
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
): string[] {
  const width = rows.length
  const sampleAt = (x: number) => (x / width) * values.length - 0.5
  const wrong: string[] = []
  for (let x = 4; x < width - 4; x++) {
    const expected: number[] = []
    // A steep line is as wide as its neighbours.
    for (let i = Math.floor(sampleAt(x - 1)); i <= Math.ceil(sampleAt(x + 2)); i++)
      expected.push(height * (1 - (values[i]! - low) / (high - low)) - 0.5)
    const [top, bottom] = [Math.min(...expected) - TOLERANCE, Math.max(...expected) + TOLERANCE]
    const found = rows[x]!
    if (found.length === 0 || found.some((y) => y < top || y > bottom))
      wrong.push(`column ${x}: rows ${found.join(' ')}, expected within ${top.toFixed(1)} to ${bottom.toFixed(1)}`)
  }
  return wrong
}
