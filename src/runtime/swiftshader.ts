// The software Vulkan driver of a machine that has none: SwiftShader, where a package or a browser brought it along.
import { randomUUID } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants as os, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

const DRIVER = 'vk_swiftshader_icd.json'
const LOADER = 'libvulkan.so.1'
const FILES = [DRIVER, LOADER, 'libvk_swiftshader.so']
const BROWSER_DIRECTORIES = ['/usr/lib/chromium', '/usr/lib64/chromium', '/opt/google/chrome']
const RTLD_NODELETE = 0x1000 // glibc's; Node does not name it

/**
 * Makes SwiftShader the Vulkan driver of this process and returns true; false where none is at hand. Looks into the
 * installed package `@sparticuz/chromium` (Linux x64; unpacked once, 7 MB), then into an installed Chromium.
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
    // A library that is no Node addon fails to register itself, yet by then it is mapped.
    return String(error).includes('did not self-register')
  }
  return true
}

function unpackedPackage(): string | undefined {
  if (process.arch !== 'x64') return undefined
  const archive = packedArchive()
  if (!archive) return undefined
  const { path, version, modules } = archive
  const directory = join(modules, '.cache', 'galvani', `swiftshader-${version}`)
  if (existsSync(directory)) return directory
  const parent = writable(modules) ? dirname(directory) : mkdtempSync(join(tmpdir(), 'galvani-'))
  return unpack(path, join(parent, basename(directory)))
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

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Unpacks aside and renames, so that a directory that exists is complete, whoever else unpacks at the same time. */
function unpack(archive: string, directory: string): string {
  const aside = `${directory}.${randomUUID()}.tmp`
  mkdirSync(aside, { recursive: true })
  for (const { name, data } of tarEntries(brotliDecompressSync(readFileSync(archive)))) {
    if (FILES.includes(name)) writeFileSync(join(aside, name), data)
  }
  try {
    renameSync(aside, directory)
  } catch (error) {
    rmSync(aside, { recursive: true })
    if (!existsSync(directory)) throw error
  }
  return directory
}

/** Regular files of a ustar archive: 512-byte headers (name at 0, octal size at 124), data padded to 512. */
function* tarEntries(tar: Buffer): Generator<{ name: string; data: Buffer }> {
  const text = (from: number, length: number) => tar.toString('latin1', from, from + length).replace(/\0[^]*$/, '').trim()
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = parseInt(text(at + 124, 12), 8)
    const start = at + 512
    yield { name: text(at, 100).replace(/^\.\//, ''), data: tar.subarray(start, start + size) }
    at = start + Math.ceil(size / 512) * 512
  }
}
