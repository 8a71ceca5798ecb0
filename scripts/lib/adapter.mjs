// A WebGPU adapter for this machine: its own if it has one, else a software Vulkan driver.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseOsRelease } from './apt.mjs'
import { installChromium, installMesa, mesaCommand } from './driver.mjs'
import { node, root, say } from './run.mjs'

const FAILED = join(root, 'node_modules', '.cache', 'galvani', 'no-system-driver')

/** Leaves this machine with an adapter that runs kernels and says which, or fails with the one command that would. */
export async function ensureAdapter() {
  const system = readSystem()
  let found = await probe()
  if (!isOwn(found) && system.installs && !existsSync(FAILED)) {
    found = await installDriver(system, found)
    if (!isOwn(found))
      remember(FAILED, 'No system driver could be installed; remove this file to have it tried again.\n')
  }
  if (!found) throw new Error(`no WebGPU adapter on this machine; ${await advice(system)}`)
  say(`adapter: ${found.name}${found.software ? ' (software)' : ''}`)
  if (!isOwn(found) && !system.installs) say(`  embedded software driver; ${await advice(system)}`)
}

/** Opens a device and runs a kernel: what it ran on (`brought`: on a driver that is not the system's), or undefined. */
async function probe() {
  const { code, stdout } = await node([join(root, 'scripts', 'probe.mjs')], { timeout: 120_000 })
  return code === 0 ? JSON.parse(stdout) : undefined
}

const isOwn = (found) => found !== undefined && !found.brought

/** Mesa's lavapipe; where that fails and nothing else is there, the SwiftShader of Debian's Chromium. Probes again. */
async function installDriver(system, found) {
  for (const install of found ? [installMesa] : [installMesa, installChromium]) {
    try {
      await install(system)
      const better = await probe()
      if (better) return better
    } catch (error) {
      say(error.message)
    }
  }
  return found
}

function readSystem() {
  const release = parseOsRelease(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '')
  const hasApt = release.ids.some((id) => id === 'debian' || id === 'ubuntu')
  return { ...release, hasApt, installs: hasApt && process.getuid?.() === 0 }
}

const COMMANDS = {
  fedora: 'sudo dnf install mesa-vulkan-drivers',
  arch: 'sudo pacman -S vulkan-swrast',
  suse: 'sudo zypper install libvulkan_lvp',
}

async function advice(system) {
  if (process.platform !== 'linux') return 'install the driver of this machine’s GPU'
  if (system.hasApt) return `install Mesa’s driver with \`${await mesaCommand(system)}\``
  const command = system.ids.map((id) => COMMANDS[id]).find(Boolean)
  return command ? `install a driver with \`${command}\`` : 'install your distribution’s Mesa Vulkan drivers'
}

function remember(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
