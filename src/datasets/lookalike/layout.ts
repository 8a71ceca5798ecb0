// What a look-alike of a layout is made of: files by name, each made when its turn comes.

import type { Content } from '../../store/store.ts'
import type { Effects } from './truth.ts'

/** How a look-alike is made; every setting has its value. */
export interface Settings {
  subjects: number
  effects: Effects
  seed: number
  /** Mean length of what is recorded; absent where it has the real set's. */
  seconds?: number
  /** Every sample that the real set has, where fewer are made else. */
  full: boolean
}

/** To be awaited between short pieces of work. */
export type Breathe = () => Promise<void>

export interface MadeFile {
  path: string
  content: (breathe: Breathe) => Content | Promise<Content>
}

/** A look-alike before anything of it is written. */
export interface Lookalike {
  files: readonly MadeFile[]
  /** Recordings in it, of all passes. */
  recordings: number
  stimuli: number
  /** What its SYNTHETIC.md says of the layout and of what is odd in it, a line each. */
  facts: readonly string[]
}

/** How a layout is made. */
export interface Maker {
  /** What the layout is of, for SYNTHETIC.md. */
  of: string
  /** People in the real set, which is the most that are made; and in a small one. */
  people: { most: number; usual: number }
  /** The shortest mean length that makes sense, in seconds. */
  leastSeconds: number
  make: (settings: Settings) => Lookalike
}

/** `7` as `07`. */
export const padded = (value: number, width = 2): string => String(value).padStart(width, '0')
