// Which kernels to prefer on which adapters, where nothing was measured (`src/tune/`).
import type { AdapterInfo } from '../runtime/gpu.ts'

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

/**
 * Names of variants by op, best first, where a class of adapters departs from the order in the op's host file. Those of the
 * software adapters are measured at the sizes of the model.
 */
const PRESETS: Readonly<Record<AdapterClass, Readonly<Record<string, readonly string[]>>>> = {
  lavapipe: {},
  swiftshader: {},
  nvidia: {},
  amd: {},
  apple: {},
  intel: {},
  other: {},
}

/** Names of the variants of an op that this adapter should try first. */
export const preset = (info: AdapterInfo, op: string): readonly string[] => PRESETS[adapterClass(info)][op] ?? []

/**
 * Whether a variant may be the fastest here at all. A software adapter emulates workgroup memory and barriers: `tile` kernels take 5 to
 * 20 times as long as `lane` there, and minutes to tune.
 */
export const isPromising = (info: AdapterInfo, variant: string): boolean => !(info.isFallbackAdapter && variant.startsWith('tile'))
