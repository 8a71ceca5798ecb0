// A headless Chromium with WebGPU on SwiftShader: Debian's if installed, else the one inside `@sparticuz/chromium`.
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { chromium, type Browser } from 'playwright-core'
import { unpackTar } from '../../src/runtime/swiftshader.ts'

const SYSTEM = '/usr/bin/chromium'
const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
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

/** The package's files, unpacked once (200 MB): aside and renamed, so that a directory that exists is complete. */
function unpackedChromium(): string {
  const directory = fileURLToPath(new URL('../../node_modules/.cache/galvani/chromium', import.meta.url))
  if (existsSync(directory)) return directory
  const bin = fileURLToPath(new URL('../../node_modules/@sparticuz/chromium/bin/', import.meta.url))
  const aside = `${directory}.${randomUUID()}.tmp`
  unpackTar(join(bin, 'swiftshader.tar.br'), aside)
  unpackTar(join(bin, 'al2023.tar.br'), aside)
  writeFileSync(join(aside, 'chromium'), brotliDecompressSync(readFileSync(join(bin, 'chromium.br'))), { mode: 0o755 })
  renameSync(aside, directory)
  return directory
}
