import { describe, expect, it } from 'vitest'
import { openMat } from '../../src/formats/mat.ts'
import type { MatArray } from '../../src/formats/mat_array.ts'
import { cells, columnsOf, empty, matFile, type MatValue, numbers, text } from '../../src/formats/mat_write.ts'
import { memorySource } from '../../src/store/source.ts'

const written = async (variables: Record<string, MatValue>, breathe = async () => undefined) => {
  const pieces = await matFile('MATLAB 5.0 MAT-file, synthetic', variables, breathe)
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]))
}
const readBack = async (value: MatValue): Promise<unknown> => {
  const { variables } = await openMat(memorySource('a.mat', await written({ x: value })))
  return plain(await variables.get('x')!.read())
}
function plain(array: MatArray): unknown {
  if (array.kind === 'cells') return { shape: array.shape, cells: array.cells.map(plain) }
  if (array.kind === 'texts') return array.texts
  return array.kind === 'numbers' ? { shape: array.shape, values: [...array.values()] } : array.className
}

describe('a MAT-file that is written', () => {
  it.each([
    [[0, 255]],
    [[0, 256]],
    [[-1, 32767]],
    [[-32769, 3]],
    [[-(2 ** 31), 2 ** 31 - 1]],
    [[2 ** 31, -5]],
    [[0.5, NaN, Infinity]],
    [[7]],
    [[1, 2, 3, 4, 5]],
  ])('holds %o, whatever they are stored in', async (values) => {
    expect(await readBack(numbers([1, values.length], values))).toEqual({ shape: [1, values.length], values })
  })

  it('stores whole numbers in a byte each', async () => {
    const size = async (values: number[]) => (await written({ x: numbers([1, 4000], values) })).length
    const whole = Array.from({ length: 4000 }, (_, i) => (i * i) % 251)
    expect(await size(whole)).toBeLessThan((await size(whole.map((value) => value + 0.5))) / 2)
  })

  it('holds texts, and cells in order, empty ones among them', async () => {
    const value = cells([text('N1'), numbers([1, 1], [138]), empty, cells([text('é')])])
    expect(await readBack(value)).toEqual({
      shape: [1, 4],
      cells: [
        ['N1'],
        { shape: [1, 1], values: [138] },
        { shape: [0, 0], values: [] },
        { shape: [1, 1], cells: [['é']] },
      ],
    })
  })

  it('holds columns that are made when they are written, with a breath between them', async () => {
    let breaths = 0
    const columns = function* () {
      for (const start of [0, 0.5, -3]) yield Float64Array.from({ length: 4 }, (_, i) => start + i)
    }
    const file = await written({ x: columnsOf([4, 3], columns) }, async () => void breaths++)
    const { variables } = await openMat(memorySource('a.mat', file))
    expect(plain(await variables.get('x')!.read())).toEqual({
      shape: [4, 3],
      values: [0, 1, 2, 3, 0.5, 1.5, 2.5, 3.5, -3, -2, -1, 0],
    })
    expect(breaths).toBeGreaterThanOrEqual(3)
  })

  it('begins with its text', async () => {
    const file = await written({ x: empty })
    expect(new TextDecoder().decode(file.subarray(0, 116)).trimEnd()).toBe('MATLAB 5.0 MAT-file, synthetic')
    expect([...file.subarray(124, 128)]).toEqual([0, 1, 0x49, 0x4d])
  })
})
