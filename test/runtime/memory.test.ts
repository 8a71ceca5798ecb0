import { describe, expect, it } from 'vitest'
import { planMemory, type Slot } from '../../src/runtime/memory.ts'
import { Random } from '../../src/runtime/random.ts'
import { Storage } from '../../src/runtime/tensor.ts'

const transient = (bytes = 16) => new Storage(bytes, 'transient')
const none: ReadonlySet<Storage> = new Set()

/** What shares each slot, as places in a list: storages of one size are equal to `toEqual`. */
const sharing = (slots: Slot[], list: Storage[]) => slots.map(({ storages }) => storages.map((s) => list.indexOf(s)))

/** Storages alive at each dispatch: from first to last use, kept ones to the end. */
function aliveAt(uses: readonly (readonly Storage[])[], keep: ReadonlySet<Storage>): Storage[][] {
  const all = [...new Set(uses.flat())].filter(({ kind }) => kind === 'transient')
  const first = (s: Storage) => uses.findIndex((list) => list.includes(s))
  const last = (s: Storage) => (keep.has(s) ? Infinity : uses.findLastIndex((list) => list.includes(s)))
  return uses.map((_, at) => all.filter((s) => first(s) <= at && at <= last(s)))
}

describe('planMemory', () => {
  it('gives the ends of a chain one slot: a dispatch binds what it reads and what it writes, no more', () => {
    const [a, b, c, d] = [transient(), transient(), transient(), transient()]
    const slots = planMemory([[a], [a, b], [b, c], [c, d]], none)
    expect(sharing(slots, [a, b, c, d])).toEqual([
      [0, 2],
      [1, 3],
    ])
  })

  it('never gives two storages of one dispatch the same slot', () => {
    const [a, b, c] = [transient(), transient(), transient()]
    expect(planMemory([[a, b, c]], none)).toHaveLength(3)
  })

  it('keeps a storage alive across dispatches that do not touch it', () => {
    const [early, middle] = [transient(), transient()]
    expect(planMemory([[early], [middle], [early]], none)).toHaveLength(2)
    expect(planMemory([[early], [middle], [middle]], none)).toHaveLength(1)
  })

  it('never reuses the slot of a kept storage, wherever its last use is', () => {
    const [kept, later, last] = [transient(), transient(), transient()]
    const slots = planMemory([[kept], [kept], [later], [last]], new Set([kept]))
    expect(sharing(slots, [kept, later, last])).toEqual([[0], [1, 2]])
  })

  it('lets a kept storage take the slot of one that has ended', () => {
    const [ended, kept] = [transient(), transient()]
    expect(planMemory([[ended], [kept]], new Set([kept]))).toHaveLength(1)
  })

  it('takes the smallest free slot that is large enough, else grows the largest', () => {
    const [small, large] = [transient(16), transient(64)]
    const [fits, grows] = [transient(48), transient(128)]
    expect(planMemory([[small, large], [fits]], none).map(({ bytes }) => bytes)).toEqual([16, 64])
    expect(planMemory([[small, large], [grows]], none).map(({ bytes }) => bytes)).toEqual([16, 128])
    const both = planMemory([[small, large], [transient(16)]], none)
    expect(both.map(({ storages }) => storages.length)).toEqual([2, 1])
  })

  it('leaves persistent storages alone', () => {
    const weights = new Storage(1024, 'persistent')
    const x = transient()
    expect(sharing(planMemory([[weights, x], [weights]], none), [weights, x])).toEqual([[1]])
    expect(planMemory([], none)).toEqual([])
  })

  it.each([1, 2, 3, 4])(
    'shares no slot among living storages and needs no slot too many, for random plans of seed %i',
    (seed) => {
      const random = new Random(seed)
      for (let round = 0; round < 200; round++) {
        const storages = Array.from({ length: 1 + random.integer(12) }, () => transient(16 * (1 + random.integer(8))))
        const pick = () => storages[random.integer(storages.length)]!
        const uses = Array.from({ length: 1 + random.integer(20) }, () => [pick(), pick(), pick()])
        const keep = new Set(storages.filter(() => random.uniform() < 0.2))
        const slots = planMemory(uses, keep)

        const used = [...new Set(uses.flat())]
        const placed = slots.flatMap((slot) => slot.storages)
        expect(placed).toHaveLength(used.length)
        expect(used.every((s) => placed.includes(s))).toBe(true)
        for (const slot of slots) expect(slot.bytes).toBe(Math.max(...slot.storages.map(({ bytes }) => bytes)))

        const alive = aliveAt(uses, keep)
        for (const living of alive) {
          for (const slot of slots)
            expect(slot.storages.filter((s) => living.includes(s)).length).toBeLessThanOrEqual(1)
        }
        expect(slots).toHaveLength(Math.max(...alive.map(({ length }) => length)))
      }
    },
  )
})
