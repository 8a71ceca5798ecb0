import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openMat, type MatFile } from '../../src/formats/mat.ts'
import type { MatArray } from '../../src/formats/mat_array.ts'
import type { ByteSource } from '../../src/formats/byte_source.ts'
import { Random } from '../../src/runtime/random.ts'
import { memorySource } from '../../src/store/source.ts'
import {
  ascii,
  cells,
  matFile,
  nothing,
  numbers,
  struct,
  texts,
  type MatOptions,
  type StoredType,
} from '../support/mat_writer.ts'
import { needs, NO_SHARED } from '../support/needs.ts'
import { survives } from './mutants.ts'

const open = (bytes: Uint8Array): Promise<MatFile> => openMat(memorySource('a.mat', bytes))
const readAll = async (bytes: Uint8Array): Promise<Record<string, unknown>> => {
  const { variables } = await open(bytes)
  const read = [...variables].map(async ([name, variable]) => [name, plain(await variable.read())] as const)
  return Object.fromEntries(await Promise.all(read))
}

/** What an array holds, as a test writes it down. */
function plain(array: MatArray): unknown {
  if (array.kind === 'cells') return { shape: array.shape, cells: array.cells.map(plain) }
  if (array.kind === 'texts') return array.texts
  if (array.kind === 'other') return array.className
  return { shape: array.shape, values: [...array.values()] }
}

const FORMS: [string, MatOptions][] = [
  ['little-endian', { packed: false }],
  ['big-endian', { packed: false, bigEndian: true }],
  ['deflated little-endian', {}],
  ['deflated big-endian', { bigEndian: true }],
  ['deflated, with a wrong checksum and padding', { badChecksum: true }],
]

describe.each(FORMS)('a %s MAT-file', (_, options) => {
  it('holds numbers in column-major order', async () => {
    const file = matFile({ x: numbers([2, 3], [1.5, -2, NaN, Infinity, 5, 1e-300]) }, options)
    expect(await readAll(file)).toEqual({ x: { shape: [2, 3], values: [1.5, -2, NaN, Infinity, 5, 1e-300] } })
    const x = await (await open(file)).variables.get('x')!.read()
    expect(x).toMatchObject({ name: 'x', className: 'double' })
    // Column 1 of two rows.
    expect(x.kind === 'numbers' && [...x.values(2, 4)]).toEqual([NaN, Infinity])
  })

  it.each<[StoredType, number[]]>([
    ['int8', [-128, 127]],
    ['uint8', [0, 255, 7]],
    ['int16', [-32768, 32767]],
    ['uint16', [0, 65535, 3, 4, 5]],
    ['int32', [-(2 ** 31), 2 ** 31 - 1]],
    ['uint32', [2 ** 32 - 1]],
    ['single', [0.5, -1.25]],
    ['int64', [-(2 ** 40), 2 ** 53]],
    ['uint64', [2 ** 40]],
  ])('holds doubles that are stored as %s', async (stored, values) => {
    const file = matFile({ x: numbers([values.length, 1], values, { stored }) }, options)
    expect(await readAll(file)).toEqual({ x: { shape: [values.length, 1], values } })
  })

  it('holds texts in every width, of several rows', async () => {
    const widths = Object.fromEntries(
      (['utf8', 'utf16', 'utf32', 'uint16'] as const).map((type) => [type, texts(['Grüße'], type)]),
    )
    const rows = texts(['ab ', 'cde'])
    expect(
      await readAll(matFile({ ...widths, rows, none: numbers([0, 0], [], { className: 'char' }) }, options)),
    ).toEqual({
      utf8: ['Grüße'],
      utf16: ['Grüße'],
      utf32: ['Grüße'],
      uint16: ['Grüße'],
      rows: ['ab ', 'cde'],
      none: [],
    })
  })

  it('holds cells in cells, and nothing in them', async () => {
    const inner = cells([2, 1], [texts(['N1']), nothing])
    const file = matFile({ c: cells([1, 3], [inner, numbers([0, 17], []), struct]), e: cells([1, 0], []) }, options)
    expect(await readAll(file)).toEqual({
      c: {
        shape: [1, 3],
        cells: [
          { shape: [2, 1], cells: [['N1'], { shape: [0, 0], values: [] }] },
          { shape: [0, 17], values: [] },
          'struct',
        ],
      },
      e: { shape: [1, 0], cells: [] },
    })
  })

  it('says the classes of its variables, of which it reads only what it can', async () => {
    const { text, variables } = await open(
      matFile(
        {
          flags: numbers([1, 2], [1, 0], { className: 'uint8', stored: 'uint8', flags: 2 }),
          z: numbers([1, 1], [1], { flags: 8 }),
          s: struct,
        },
        options,
      ),
    )
    expect(text).toBe('MATLAB 5.0 MAT-file, synthetic')
    expect([...variables.values()].map(({ name, className, shape }) => [name, className, shape])).toEqual([
      ['flags', 'logical', [1, 2]],
      ['z', 'complex double', [1, 1]],
      ['s', 'struct', [1, 1]],
    ])
    expect(plain(await variables.get('flags')!.read())).toEqual({ shape: [1, 2], values: [1, 0] })
    expect(plain(await variables.get('z')!.read())).toBe('complex double')
  })
})

describe('reading a MAT-file', () => {
  it('takes rows of characters beyond 16 bits for as many as the file counts', async () => {
    // As SciPy writes 'ab' and '語😀': four characters in UTF-8, column by column.
    const letters = [...new TextEncoder().encode('a語b😀')]
    const rows = numbers([2, 2], letters, { className: 'char', stored: 'utf8' })
    expect(await readAll(matFile({ rows }))).toEqual({ rows: ['ab', '語😀'] })
  })

  const random = new Random(1)
  // Noise of this kind deflate can only store, in blocks of up to 64 KB.
  const noise = Array.from({ length: 200_000 }, () => random.integer(256))
  const large = matFile({ large: numbers([200_000, 1], noise, { stored: 'uint8' }), small: numbers([1, 1], [4]) })

  it('takes only the beginnings of what is not asked for', async () => {
    let bytes = 0
    const source: ByteSource = {
      name: 'a.mat',
      size: large.length,
      read: (start, end) => {
        bytes += Math.min(end, large.length) - start
        return Promise.resolve(large.slice(start, end))
      },
    }
    const { variables } = await openMat(source)
    expect([...variables.keys()]).toEqual(['large', 'small'])
    expect(bytes).toBeLessThan(140_000)
    await variables.get('small')!.read()
    expect(bytes).toBeLessThan(140_000)
    const read = await variables.get('large')!.read()
    expect(read.kind === 'numbers' && [...read.values()]).toEqual(noise)
  })

  it('goes on behind a table, whose layout is its own', async () => {
    // An opaque variable has a name where others have extents.
    const opaque = [
      14,
      0,
      0,
      0,
      32,
      0,
      0,
      0,
      6,
      0,
      0,
      0,
      8,
      0,
      0,
      0,
      17,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      0,
      1,
      0,
      ...ascii('t\0\0\0'),
    ]
    const rest = [1, 0, 4, 0, ...ascii('MCOS')]
    const file = matFile({ t: () => [...opaque, ...rest], x: numbers([1, 1], [2]) }, { packed: false })
    expect(await readAll(file)).toEqual({ t: 'opaque', x: { shape: [1, 1], values: [2] } })
  })

  const plainFile = matFile({ x: numbers([1, 2], [1, 2]) }, { packed: false })
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const file = plainFile.slice()
    file.set(bytes, at)
    return file
  }

  it.each<[string, Uint8Array, string]>([
    [
      'of version 7.3',
      matFile({}, { text: 'MATLAB 7.3 MAT-file, Platform: PCWIN64 HDF5 schema 1.00 .' }),
      "a.mat is a MATLAB 7.3 (HDF5) file; re-save it in MATLAB with save(…, '-v7').",
    ],
    [
      'of another kind',
      new Uint8Array(200),
      "a.mat: no MATLAB file of version 5 to 7.2; one has the letters 'IM' or 'MI' at byte 126",
    ],
    [
      'that is empty',
      new Uint8Array(),
      "a.mat: no MATLAB file of version 5 to 7.2; one has the letters 'IM' or 'MI' at byte 126",
    ],
    [
      'cut off in its header',
      plainFile.subarray(0, 100),
      'a.mat: the header needs 128 bytes, but the file ends at byte 100; the file was cut off',
    ],
    [
      'cut off in a tag',
      plainFile.subarray(0, 133),
      'a.mat: the tag of the element at byte 128 has 5 of 8 bytes; the file was cut off',
    ],
    [
      'cut off in a variable',
      plainFile.subarray(0, 180),
      'a.mat: the element at byte 128 claims 64 bytes, but 44 are left; the file was cut off',
    ],
    [
      'with a length beyond its end',
      changed(132, 0xff, 0xff, 0xff, 0xff),
      'a.mat: the element at byte 128 claims 4294967295 bytes, but 64 are left; the file was cut off',
    ],
    [
      'with an element that is no variable',
      changed(128, 77),
      'a.mat: an element of type 77 at byte 128, where a variable should be; the file is damaged',
    ],
    [
      'with too few numbers',
      changed(160, 100),
      'a.mat: the variable at byte 128 has an array of the extents [100, 2] in 16 bytes, at byte 64 of its data; the file is damaged',
    ],
    [
      'with two variables of a name',
      new Uint8Array(Buffer.concat([plainFile, plainFile.subarray(128)])),
      "a.mat: two variables are called 'x'; save one of them",
    ],
  ])('refuses a file %s', async (_, file, sentence) => {
    await expect(readAll(file)).rejects.toThrow(expect.objectContaining({ name: 'FormatError', message: sentence }))
  })

  it('refuses a deflated variable that claims more than its bytes can hold, and one that ends early', async () => {
    const claim = matFile({
      x: (name, big) => {
        const bytes = numbers([1, 1], [1])(name, big)
        bytes.splice(4, 4, 0, 0, 0, 0x7f)
        return bytes
      },
    })
    await expect(open(claim)).rejects.toThrow(/claims 2130706432 bytes from \d+ packed ones, which is not possible/)
    const short = matFile({
      x: (name, big) => numbers([1, 1000], Array<number>(1000).fill(3))(name, big).slice(0, 4000),
    })
    const { variables } = await open(short)
    await expect(variables.get('x')!.read()).rejects.toThrow(
      /the variable at byte 128 unpacks to 4000 bytes, expected 8056/,
    )
  })

  it('refuses cells in cells without end, and more cells than there is room for', async () => {
    const deep = Array.from({ length: 100 }).reduce<ReturnType<typeof cells>>(
      (value) => cells([1, 1], [value]),
      nothing,
    )
    await expect(readAll(matFile({ deep }))).rejects.toThrow(/cells within cells without end/)
    await expect(readAll(matFile({ many: cells([1, 1e9], []) }))).rejects.toThrow(/claims 1000000000 cells/)
  })

  it.each(FORMS)('survives damage of a %s file', async (_, options) => {
    const file = matFile(
      {
        c: cells([1, 3], [numbers([4, 2], [1, 2, 3, 4, 5, 6, 7, 8], { stored: 'uint8' }), texts(['N1']), nothing]),
        x: numbers(
          [20, 2],
          Array.from({ length: 40 }, (_, i) => Math.sin(i)),
        ),
        t: texts(['abc', 'def']),
      },
      options,
    )
    await survives(file, 300, readAll, (read) => expect(Object.keys(read).length).toBeLessThan(5))
  })
})

const shared = new URL('../../../shared/data/formats/', import.meta.url)

describe('shared MAT-files', needs(existsSync(shared), NO_SHARED), () => {
  it.each(['amigos_matlab.mat', 'amigos_scipy.mat'])('%s has the values that are known of it', async (file) => {
    const expected = JSON.parse(readFileSync(new URL('expected.json', shared), 'utf8')) as Record<
      string,
      { cells: { video: string; samples: number }[] }
    >
    const { variables } = await open(readFileSync(new URL(file, shared)))
    expect([...variables.values()].map(({ name, className, shape }) => [name, className, shape])).toEqual(
      ['joined_data', 'labels_selfassessment', 'labels_ext_annotation', 'VideoIDs'].map((name) => [
        name,
        'cell',
        [1, 20],
      ]),
    )
    const [ids, data] = await Promise.all(['VideoIDs', 'joined_data'].map((name) => variables.get(name)!.read()))
    if (ids?.kind !== 'cells' || data?.kind !== 'cells') throw new Error('no cells')
    expect(ids.cells.flatMap((cell) => (cell.kind === 'texts' ? cell.texts : []))).toEqual(
      expected[file]!.cells.map(({ video }) => video),
    )
    expect(data.cells.map(({ shape }) => shape[0])).toEqual(expected[file]!.cells.map(({ samples }) => samples))
  })
})
