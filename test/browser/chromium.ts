// A headless Chromium with WebGPU on SwiftShader: Debian's if installed, else the one inside `@sparticuz/chromium`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { chromium, type Browser } from 'playwright-core'
import { makeAside, unpackTar } from '../../src/runtime/swiftshader.ts'

const SYSTEM = '/usr/bin/chromium'
const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  // The compositor on the same driver, or a canvas of WebGPU loses its device.
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export async function launchChromium(): Promise<Browser> {
  if (existsSync(SYSTEM)) return chromium.launch({ executablePath: SYSTEM, args: ARGS })
  const directory = unpackedChromium()
  // The package's Chromium needs NSS and expat, which a bare system lacks; the package has them for its own platform.
  const env = { ...process.env, LD_LIBRARY_PATH: join(directory, 'lib') }
  return chromium.launch({ executablePath: join(directory, 'chromium'), args: ARGS, env })
}

/** The package's files, unpacked once (200 MB). */
function unpackedChromium(): string {
  const directory = fileURLToPath(new URL('../../node_modules/.cache/galvani/chromium', import.meta.url))
  if (existsSync(directory)) return directory
  const bin = fileURLToPath(new URL('../../node_modules/@sparticuz/chromium/bin/', import.meta.url))
  makeAside(directory, (aside) => {
    unpackTar(join(bin, 'swiftshader.tar.br'), aside)
    unpackTar(join(bin, 'al2023.tar.br'), aside)
    writeFileSync(join(aside, 'chromium'), brotliDecompressSync(readFileSync(join(bin, 'chromium.br'))), {
      mode: 0o755,
    })
  })
  return directory
}
