import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type PickledArray, parsePickledArrays } from '../../src/formats/numpy_pickle.ts'
import { pickleArrays as write } from '../../src/formats/numpy_pickle_write.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import {
  type ArrayToPickle,
  pickleArrays,
  pickleCall,
  type PickleStyle,
  STYLES,
} from '../support/numpy_pickle_writer.ts'
import { mutantsOf, survives } from './mutants.ts'

const parse = (file: Uint8Array) => parsePickledArrays(file, ['data', 'labels'], 's03.dat')
const failure = (file: Uint8Array): string => {
  try {
    parse(file)
  } catch (error) {
    if (error instanceof FormatError) return error.message
    throw error
  }
  throw new Error('was read')
}

/** All elements, row-major. */
function elementsOf({ shape, at }: PickledArray, index: number[] = []): number[] {
  const extent = shape[index.length]
  if (extent === undefined) return [at(...index)]
  return Array.from({ length: extent }, (_, i) => elementsOf({ shape, at }, [...index, i])).flat()
}

/** Their bytes are of every value, the ones that windows-1252 has no letters for among them. */
const numbers = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i + 1) * 10 ** ((i % 7) - 3))
const data: ArrayToPickle = { values: numbers, shape: [3, 4, 5] }
const labels: ArrayToPickle = { values: [1, 2.5, 9], shape: [3, 1] }

describe('a pickle of NumPy arrays', () => {
  const variants = Object.entries(STYLES).flatMap(([name, style]) =>
    ([true, false] as const).flatMap((memo) =>
      (['numbers', 'booleans'] as const).flatMap((flags) =>
        (['numpy.core', 'numpy._core'] as const).map((module): [string, PickleStyle] => [
          `${name}, ${memo ? 'with' : 'without'} memo, ${flags}, ${module}`,
          { ...style, memo, flags, module },
        ]),
      ),
    ),
  )
  it.each(variants)('is read: %s', (_, style) => {
    const read = parse(pickleArrays({ labels, data }, style))
    expect(read.data.shape).toEqual([3, 4, 5])
    expect(elementsOf(read.data)).toEqual([...numbers])
    expect(elementsOf(read.labels)).toEqual([1, 2.5, 9])
  })

  it.each(Object.entries(STYLES))(
    'is read with arrays that are too large for a frame, and a text beside them: %s',
    (_, style) => {
      const values = Float64Array.from({ length: 9000 }, (_, i) => Math.sin(i))
      const large = { bytes: new Uint8Array(values.buffer), shape: [90, 100], type: '<f8' }
      const pieces = write({ note: 'synthetic', labels: { ...large, shape: [9000, 1] }, data: large }, style)
      const read = parse(Uint8Array.from(pieces.flatMap((piece) => [...piece])))
      expect([read.data.shape, read.labels.shape]).toEqual([
        [90, 100],
        [9000, 1],
      ])
      expect(elementsOf(read.data)).toEqual([...values])
      if (style.protocol > 2) expect(pieces.filter((piece) => piece === large.bytes)).toHaveLength(2)
    },
  )

  it.each(Object.entries(STYLES))('is read in both orders of bytes and of axes: %s', (_, style) => {
    for (const type of ['<f8', '>f8', '<f4', '>f4', '<i2', '>i2'])
      for (const fortran of [false, true]) {
        const values = Array.from({ length: 60 }, (_, i) => i * 300 - 5000)
        const read = parse(pickleArrays({ labels, data: { values, shape: [3, 4, 5], type, fortran } }, style))
        expect(elementsOf(read.data), `${type} ${fortran}`).toEqual(values)
        expect(read.data.at(2, 1, 3)).toBe(values[2 * 20 + 1 * 5 + 3])
      }
  })
})

describe('hostile and damaged pickles', () => {
  it('are refused by the name that they ask for', () => {
    const asks = (name: string) => `s03.dat: the pickle asks for ${name}; only NumPy arrays are read. Nothing was run.`
    for (const name of [
      'os.system',
      'builtins.eval',
      'numpy.load',
      'numpy.core.multiarray.scalar',
      'numpy.__proto__',
    ]) {
      const [, module, member] = /^(.*)\.(.*)$/.exec(name)!
      expect(failure(pickleCall(module!, member!, 'touch owned'))).toBe(asks(name))
    }
    expect(failure(pickleCall('torch._utils', '_rebuild_tensor_v2', ''))).toBe(asks('torch._utils._rebuild_tensor_v2'))
  })

  it('with a length beyond the file are refused where it stands', () => {
    const cases: [number[], string][] = [
      [[0x54, 0xff, 0xff, 0xff, 0xff], '4294967295'],
      [[0x42, 0xfb, 0xff, 0xff, 0xff], '4294967291'],
      [[0x58, 0xff, 0xff, 0xff, 0x7f], '2147483647'],
      [[0x96, 0, 0, 0, 0, 0, 1, 0, 0], '1099511627776'],
      [[0x8e, 0, 0, 0, 0, 0, 1, 0, 0], '1099511627776'],
      [[0x8d, 0, 0, 0, 0, 0, 1, 0, 0], '1099511627776'],
    ]
    for (const [bytes, length] of cases)
      expect(failure(Uint8Array.from([0x80, 4, ...bytes, 65, 66]))).toBe(
        `s03.dat: the pickle needs ${length} bytes at byte ${2 + bytes.length}, but only 2 are left; the file was cut off`,
      )
  })

  it('that are cut off anywhere are refused in one sentence', () => {
    for (const style of Object.values(STYLES)) {
      const file = pickleArrays({ labels, data }, style)
      for (let length = 0; length < file.length; length++)
        expect(failure(file.subarray(0, length))).toMatch(/^s03\.dat: the (pickle needs|line at) .*byte \d+/)
    }
  })

  it('whose arrays are not what they say are refused', () => {
    const style = STYLES['text of Python 3']!
    const broken = (array: Partial<ArrayToPickle>) =>
      failure(pickleArrays({ labels, data: { ...data, ...array } }, style))
    expect(broken({ shape: [3, 4, 6] })).toBe(
      "s03.dat: 'data' of shape [3, 4, 6] and type '<f8' needs 576 bytes, but has 480",
    )
    expect(broken({ shape: [65535, 65535, 65535, 65535] })).toMatch(/'data' is no NumPy array with a shape/)
    expect(failure(pickleArrays({ data }, style))).toBe(
      "s03.dat: the pickle holds no 'labels'; expected 'data' and 'labels'",
    )
    expect(failure(Uint8Array.from([0x80, 2, 0x5d, 0x2e]))).toMatch(/holds no dictionary; expected one of 'data'/)
    expect(failure(Uint8Array.from([0x28, 0x64]))).toMatch(/byte 0 is 0x28|byte 1 is 0x64/)
  })

  it('whose arrays hold no numbers are refused', () => {
    const file = pickleArrays({ labels, data }, STYLES['STRING of Python 2']!)
    const withType = (kind: string) => {
      const changed = file.slice()
      const at = Buffer.from(file).lastIndexOf('f8')
      changed.set(new TextEncoder().encode(kind), at)
      return failure(changed)
    }
    expect(withType('O8')).toMatch(/'data': a NumPy array of Python objects, which could run programs/)
    expect(withType('S8')).toMatch(/'data' is of the NumPy type '<S8'; expected numbers/)
    expect(withType('q8')).toMatch(/'data': a NumPy array of type '<q8'/)
  })

  it('whose text has characters that are no bytes are refused, short or long', () => {
    for (const count of [60, 9000]) {
      const values = new Float64Array(count).fill(-1.1)
      const file = pickleArrays({ labels, data: { values, shape: [count] } }, STYLES['text of Python 3']!)
      expect(elementsOf(parse(file).data)).toEqual([...values])
      // The last character is the byte 0xbf, two bytes of UTF-8.
      const last = Buffer.from(file).lastIndexOf(Buffer.from('\xbf'))
      const changed = (first: number, second: number) => {
        const copy = file.slice()
        copy.set([first, second], last)
        return failure(copy)
      }
      expect(changed(0xc4, 0xbf)).toMatch(/^s03\.dat: 'data' has a character at byte \d+ of its text that is no byte/)
      expect(changed(0xc2, 0x41)).toMatch(/'data' has a character at byte/)
      expect(changed(0x41, 0x41)).toMatch(new RegExp(`needs ${8 * count} bytes, but has ${8 * count + 1}`))
      expect(changed(0x41, 0xbf)).toMatch(/no byte of an array|no UTF-8/)
    }
  })

  it('that encode one text again and again cost no more than their bytes', () => {
    const text = 'x'.repeat(1_000_000)
    const encode = [...new TextEncoder().encode('c_codecs\nencode\n'), 0x71, 0]
    const texts = [0x58, 0x40, 0x42, 0x0f, 0, ...new TextEncoder().encode(text), 0x58, 1, 0, 0, 0, 0x61, 0x86, 0x71, 1]
    const again = Array.from({ length: 20_000 }, () => [0x68, 0, 0x68, 1, 0x52, 0x30]).flat()
    const before = performance.now()
    expect(failure(Uint8Array.from([0x80, 2, ...encode, ...texts, ...again, 0x2e]))).toMatch(/holds no dictionary/)
    expect(performance.now() - before).toBeLessThan(2000)
  })

  it.each(Object.entries(STYLES))('as mutants are read or refused: %s', { timeout: 60_000 }, async (_, style) => {
    const file = pickleArrays({ labels, data }, style)
    await survives(file, 300, parse, (read) => {
      for (const array of Object.values(read)) elementsOf(array)
    })
  })
})

const shared = new URL('../../../shared/data/formats/', import.meta.url)
const samples = ['deap_python2.dat', 'deap_python3_protocol2.dat', 'deap_python3_protocol4.dat']
interface Expected {
  trials: number
  samples: number
  labels: number[][]
  gsr_first: number[]
  gsr_sum: number[]
  all_sum: number
}
describe('samples of Python', needs(existsSync(shared), NO_SHARED), () => {
  const expectedOf = (name: string) =>
    (JSON.parse(readFileSync(new URL('expected.json', shared), 'utf8')) as Record<string, Expected>)[name]!
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

  it.each(samples)('%s', (name) => {
    const expected = expectedOf(name)
    const { data, labels } = parse(readFileSync(new URL(name, shared)))
    expect(data.shape).toEqual([expected.trials, 40, expected.samples])
    expect(elementsOf(labels)).toEqual(expected.labels.flat())
    for (let trial = 0; trial < expected.trials; trial++) {
      expect(data.at(trial, 36, 0)).toBe(expected.gsr_first[trial])
      const gsr = Array.from({ length: expected.samples }, (_, i) => data.at(trial, 36, i))
      expect(sum(gsr)).toBeCloseTo(expected.gsr_sum[trial]!, 6)
    }
    expect(sum(elementsOf(data))).toBeCloseTo(expected.all_sum, 5)
  })

  it('as mutants are read or refused', { timeout: 60_000 }, () => {
    for (const name of samples)
      for (const mutant of mutantsOf(readFileSync(new URL(name, shared)), 20)) {
        try {
          parse(mutant)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }
  })
})
