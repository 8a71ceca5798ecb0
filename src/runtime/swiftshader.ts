// The software Vulkan driver of a machine that has none: SwiftShader, where a package or a browser brought it along.
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants as os, homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

const DRIVER = 'vk_swiftshader_icd.json'
const LOADER = 'libvulkan.so.1'
const BROWSER_DIRECTORIES = ['/usr/lib/chromium', '/usr/lib64/chromium', '/opt/google/chrome']
const RTLD_NODELETE = 0x1000 // glibc's; Node does not name it

/**
 * Makes SwiftShader the Vulkan driver of this process and returns true; false where none is at hand. Looks into the
 * installed package `@sparticuz/chromium` (Linux x64; unpacked once, 15 MB), then into an installed Chromium.
 * Only a WebGPU instance created after the call sees it.
 */
export function useSwiftShader(): boolean {
  if (process.platform !== 'linux') return false
  const directory = unpackedPackage() ?? BROWSER_DIRECTORIES.find((d) => existsSync(join(d, DRIVER)))
  if (!directory) return false
  process.env['VK_DRIVER_FILES'] = join(directory, DRIVER)
  return hasVulkanLoader() || mapLibrary(join(directory, LOADER))
}

/** False on a Linux without the Vulkan loader, where Dawn could only complain. */
export function hasVulkanLoader(): boolean {
  return process.platform !== 'linux' || mapLibrary(LOADER)
}

/** Dawn opens the loader by its plain name, and finds a library of that name that is already mapped. */
function mapLibrary(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, os.dlopen.RTLD_NOW | os.dlopen.RTLD_GLOBAL | RTLD_NODELETE)
  } catch (error) {
    // A library that is no addon fails to register itself, as Node and Bun say, yet by then it is mapped; Deno looks for none by name.
    return !/cannot open shared object|Error loading shared library/.test(String(error))
  }
  return true
}

function unpackedPackage(): string | undefined {
  if (process.arch !== 'x64') return undefined
  const archive = packedArchive()
  if (!archive) return undefined
  const { path, version, modules } = archive
  const userCache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  for (const cache of [join(modules, '.cache'), userCache]) {
    const directory = join(cache, 'galvani', `swiftshader-${version}`)
    if (existsSync(directory)) return directory
    try {
      makeAside(directory, (aside) => unpackTar(path, aside))
      return directory
    } catch {
      // not ours to write, e.g. packages installed by root: the user's own cache is next
    }
  }
  return undefined
}

function packedArchive(): { path: string; version: string; modules: string } | undefined {
  try {
    const root = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '..', '..')
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    const path = join(root, 'bin', 'swiftshader.tar.br')
    return existsSync(path) ? { path, version, modules: join(root, '..', '..') } : undefined
  } catch {
    return undefined // the package is optional
  }
}

/** Fills a directory aside and renames it, so that one that exists is complete, whoever else makes it at the same time. */
export function makeAside(directory: string, fill: (aside: string) => void): void {
  const aside = `${directory}.${randomUUID()}.tmp`
  try {
    fill(aside)
    renameSync(aside, directory)
  } catch (error) {
    rmSync(aside, { recursive: true, force: true })
    if (!existsSync(directory)) throw error
  }
}

/** Unpacks a `.tar.br` into a directory: 512-byte headers (name at 0, octal size at 124, type at 156), padded data. */
export function unpackTar(archive: string, directory: string): void {
  const tar = brotliDecompressSync(readFileSync(archive))
  const text = (from: number, length: number) => tar.toString('latin1', from, from + length).replace(/\0[^]*$/, '')
  for (let at = 0; at < tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8)
    const start = at + 512
    if ('0\0'.includes(tar.toString('latin1', at + 156, at + 157))) {
      const path = join(directory, text(at, 100))
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, tar.subarray(start, start + size))
    }
    at = start + Math.ceil(size / 512) * 512
  }
}
