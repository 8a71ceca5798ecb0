// Counter-based random numbers: a value depends on (seed, stream, counter) alone, never on who asked before.

const rotl = (x: number, r: number): number => ((x << r) | (x >>> (32 - r))) >>> 0

type Words = readonly [number, number]

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const
const PARITY = 0x1bd11bda

/**
 * Threefry-2x32 of 20 rounds: two random words from a two-word counter under a two-word key, low word first
 * (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 */
export function threefry([k0, k1]: Words, [c0, c1]: Words): Words {
  const key = [k0 >>> 0, k1 >>> 0, (PARITY ^ k0 ^ k1) >>> 0] as const
  let x0 = (c0 + key[0]) >>> 0
  let x1 = (c1 + key[1]) >>> 0
  for (let round = 0; round < 20; round++) {
    x0 = (x0 + x1) >>> 0
    x1 = (rotl(x1, ROTATIONS[(round % 8) as 0]) ^ x0) >>> 0
    if (round % 4 === 3) {
      const injection = (round + 1) / 4
      x0 = (x0 + key[(injection % 3) as 0]) >>> 0
      x1 = (x1 + key[((injection + 1) % 3) as 0] + injection) >>> 0
    }
  }
  return [x0, x1]
}

/** A stream of numbers read off the counter; two streams of one seed are independent. */
export class Random {
  private counter = 0
  constructor(
    readonly seed: number,
    readonly stream = 0,
  ) {}

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const count = this.counter++
    const [high, low] = threefry([this.seed, this.stream], [count >>> 0, Math.floor(count / 2 ** 32)])
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
  }

  /** Standard normal, by the Box-Muller transform. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()))
    return radius * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  /** 0 … n-1 in random order (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i)
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1)
      const held = order[i]!
      order[i] = order[j]!
      order[j] = held
    }
    return order
  }
}
