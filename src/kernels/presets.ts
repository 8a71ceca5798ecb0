// Which kernels to prefer on which adapters, where nothing was measured (`src/tune/`).
import type { AdapterInfo } from '../runtime/gpu_base.ts'

export type AdapterClass = 'lavapipe' | 'swiftshader' | 'nvidia' | 'amd' | 'apple' | 'intel' | 'other'

/** Parts of the names that adapters go by; the first class with one of them has it. */
const NAMES: readonly (readonly [AdapterClass, RegExp])[] = [
  ['lavapipe', /llvmpipe|lavapipe/],
  ['swiftshader', /swiftshader/],
  ['nvidia', /nvidia/],
  ['amd', /\bamd\b|radeon/],
  ['apple', /\bapple\b/],
  ['intel', /\bintel\b/],
]

export function adapterClass({ vendor, architecture, device, description }: AdapterInfo): AdapterClass {
  const text = [vendor, architecture, device, description].join(' ').toLowerCase()
  return NAMES.find(([, name]) => name.test(text))?.[0] ?? 'other'
}

type Preset = Readonly<Record<string, readonly string[]>>

/**
 * Names of variants by op, best first, where a class of adapters departs from the order in the op's host file. The order there is
 * measured on lavapipe. SwiftShader's entries are measured at the sizes of the model; those of real GPUs are expectations from
 * what other engines use there, and wait for a measurement: fewer registers and cores than the host files assume ask for smaller
 * tiles, and for one query per thread.
 */
export const presets: Readonly<Record<AdapterClass, Preset>> = {
  lavapipe: {},
  swiftshader: { batchnorm: ['reg'], 'batchnorm backward': ['reg'] },
  nvidia: {},
  amd: {
    attention: ['tile 64 T=1'],
    'attention query side': ['tile 64 T=1'],
    'attention key side': ['tile 64 T=1'],
  },
  apple: {
    conv1d: ['tile 64x32'],
    'conv1d backward input': ['tile 64x32'],
    'conv1d backward weight': ['tile 64x32'],
    attention: ['tile 64 T=1'],
    'attention query side': ['tile 64 T=1'],
    'attention key side': ['tile 64 T=1'],
  },
  intel: {
    conv1d: ['tile 32x32'],
    'conv1d backward input': ['tile 32x32'],
    'conv1d backward weight': ['tile 32x32'],
    attention: ['tile 64 T=1'],
    'attention query side': ['tile 64 T=1'],
    'attention key side': ['tile 64 T=1'],
  },
  other: {},
}

/** Names of the variants of an op that this adapter should try first. */
export const preset = (info: AdapterInfo, op: string): readonly string[] => presets[adapterClass(info)][op] ?? []

/**
 * Whether a variant of a family may be the fastest here at all. A software adapter emulates workgroup memory and barriers: `tile` kernels take 5 to
 * 20 times as long as `lane` there, and minutes to tune.
 */
export const isPromising = (info: AdapterInfo, family: 'lane' | 'tile' | undefined): boolean =>
  !(info.isFallbackAdapter && family === 'tile')
