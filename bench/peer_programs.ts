// The peers there are, whether they are installed here, and how they are started.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from '../src/runtime/errors.ts'
import { peerFile } from './peer_process.ts'
import type { PeerProgram } from './peers.ts'

export const PEERS = ['torch', 'torch-compile', 'jax-js', 'tfjs-webgpu', 'tfjs-wasm'] as const
export type PeerName = (typeof PEERS)[number]
const ON_TORCH: ReadonlySet<PeerName> = /* @__PURE__ */ new Set(['torch', 'torch-compile'] as const)

export interface PeerSettings {
  /** An interpreter with PyTorch. */
  python: string
  /** Part of the name of the WebGPU adapter to use. */
  adapter?: string | undefined
}

/** galvani itself, run like a peer. */
export const ownProgram = (settings: PeerSettings): PeerProgram => node('galvani', 'galvani.mjs', settings)

export interface FoundPeers {
  programs: PeerProgram[]
  /** A sentence for each that is not installed. */
  missing: string[]
}

/** Those asked for, or all that are installed. @throws UsageError when one that was asked for is not installed */
export function findPeers(names: readonly PeerName[] | undefined, settings: PeerSettings): FoundPeers {
  const found: FoundPeers = { programs: [], missing: [] }
  const wanted = names ?? PEERS
  const torch = wanted.some((name) => ON_TORCH.has(name)) ? torchVersion(settings.python) : null
  for (const name of wanted) {
    const lacks = ON_TORCH.has(name) ? lackOfTorch(name, torch, settings) : lackOfPackage(name)
    if (lacks === null) found.programs.push(program(name, settings))
    else if (names !== undefined) throw new UsageError(`--peers ${name}: ${lacks}`)
    else found.missing.push(`${name}: ${lacks}`)
  }
  return found
}

function program(name: PeerName, settings: PeerSettings): PeerProgram {
  const torch = { name, command: settings.python, args: [peerFile('torch_rtcan.py')] }
  switch (name) {
    case 'torch':
      return torch
    case 'torch-compile':
      return { ...torch, args: [...torch.args, '--compile'] }
    case 'jax-js':
      return node(name, 'jax_rtcan.mjs', settings)
    case 'tfjs-webgpu':
      return node(name, 'tfjs_rtcan.mjs', settings, ['--backend', 'webgpu'])
    case 'tfjs-wasm':
      return node(name, 'tfjs_rtcan.mjs', settings, ['--backend', 'wasm'])
  }
}

function node(name: string, file: string, { adapter }: PeerSettings, args: readonly string[] = []): PeerProgram {
  const chosen = adapter === undefined ? [] : ['--adapter', adapter]
  return { name, command: process.execPath, args: [peerFile(file), ...args, ...chosen] }
}

/** Version of the installed package; null if the interpreter or the package is not there. PyTorch itself takes seconds to load. */
function torchVersion(python: string): string | null {
  const question = 'from importlib.metadata import version; print(version("torch"))'
  const { status, stdout } = spawnSync(python, ['-c', question], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : null
}

function lackOfTorch(name: PeerName, version: string | null, { python }: PeerSettings): string | null {
  if (version === null)
    return `${python} has no PyTorch; install it (Debian: python3-torch) or name an interpreter by --python`
  if (name === 'torch-compile' && Number.parseInt(version, 10) < 2)
    return `torch.compile needs PyTorch 2, ${python} has ${version}`
  return null
}

function lackOfPackage(name: PeerName): string | null {
  const folder = dirname(peerFile('package.json'))
  const needed = name === 'jax-js' ? '@jax-js/jax' : '@tensorflow/tfjs'
  return existsSync(join(folder, 'node_modules', needed)) ? null : `not installed; run \`npm ci --prefix ${folder}\``
}
