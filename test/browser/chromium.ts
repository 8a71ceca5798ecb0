// A headless Chromium with WebGPU on SwiftShader: Debian's if installed, else the one inside `@sparticuz/chromium`.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'

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
  const directory = await unpackedChromium()
  // The package's Chromium needs NSS and expat, which a bare system lacks; the package has them for its own platform.
  const env = { ...process.env, LD_LIBRARY_PATH: join(directory, 'al2023', 'lib') }
  return chromium.launch({ executablePath: join(directory, 'chromium'), args: ARGS, env })
}

/** The package's files, unpacked once (200 MB): aside and renamed, so that a directory that exists is complete. */
async function unpackedChromium(): Promise<string> {
  const packed = await import('@sparticuz/chromium')
  const bin = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', '..', 'bin')
  const directory = fileURLToPath(new URL('../../node_modules/.cache/galvani/chromium', import.meta.url))
  if (existsSync(directory)) return directory
  const aside = `${directory}.${randomUUID()}.tmp`
  mkdirSync(aside, { recursive: true })
  const temporary = process.env['TMPDIR']
  process.env['TMPDIR'] = aside // where the package unpacks to
  try {
    await packed.default.executablePath(bin)
    await packed.inflate(join(bin, 'al2023.tar.br'))
  } finally {
    if (temporary === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = temporary
  }
  if (existsSync(directory)) rmSync(aside, { recursive: true })
  else renameSync(aside, directory)
  return directory
}
