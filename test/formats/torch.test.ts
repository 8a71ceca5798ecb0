import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { fromReleasedName, renameReleased } from '../../src/formats/released_names.ts'
import { parseTorchCheckpoint } from '../../src/formats/torch.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import {
  call,
  concat,
  global,
  int,
  legacyContainer,
  orderedDict,
  PROTO,
  stateDict,
  STOP,
  tensor,
  text,
  tuple,
  zipContainer,
} from './torch_writer.ts'
import type { SavedTensor } from './torch_writer.ts'
import { fixtureCases, readBytes, type FixtureCase } from '../support/golden_values.ts'

const weights = Float32Array.from([1.5, -2, 3, 4, 5, 6])
const matrix: SavedTensor = { storageType: 'FloatStorage', key: '0', storage: weights, size: [2, 3], stride: [3, 1] }
const counter: SavedTensor = {
  storageType: 'LongStorage',
  key: '1',
  storage: BigInt64Array.of(7n),
  size: [],
  stride: [],
}
const storages = { 0: weights, 1: counter.storage }
const smallZip = () => zipContainer(stateDict({ w: tensor(matrix), n: tensor(counter) }), storages)
const smallLegacy = () => {
  const cuda = { ...matrix, location: 'cuda:0' }
  return legacyContainer(stateDict({ w: tensor(cuda, {}, true), n: tensor(counter, {}, true) }), storages)
}

/** The central directory's record of one entry. */
const zipRecord = (file: Uint8Array, name: string): Uint8Array => {
  const at = Buffer.from(file.buffer, file.byteOffset, file.length).lastIndexOf(name) - 46
  return file.slice(at, at + 46 + name.length)
}

/** The one error a file may give. */
const failure = (bytes: Uint8Array): string => {
  try {
    parseTorchCheckpoint(bytes, 's.pt')
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return (error as Error).message
  }
  throw new Error('expected a FormatError, but the file was read')
}

describe('both containers', () => {
  it.each([
    ['zip', smallZip],
    ['legacy from cuda:0', smallLegacy],
  ])('reads %s', (_, make) => {
    const tensors = parseTorchCheckpoint(make(), 's.pt')
    expect([...tensors.keys()]).toEqual(['w', 'n'])
    expect(tensors.get('w')).toEqual({ dtype: 'F32', shape: [2, 3], data: weights })
    expect(tensors.get('n')).toEqual({ dtype: 'I64', shape: [], data: BigInt64Array.of(7n) })
  })

  it('reads a file that lies at an odd place of a larger buffer', () => {
    const file = smallLegacy()
    const shifted = new Uint8Array(file.length + 3)
    shifted.set(file, 3)
    expect(parseTorchCheckpoint(shifted.subarray(3), 's.pt').get('w')?.data).toEqual(weights)
  })

  it.each([
    ['zip', smallZip],
    ['legacy', smallLegacy],
  ])('gives a typed error for every truncation of %s', (_, make) => {
    const file = make()
    for (let length = 0; length < file.length; length++) failure(file.subarray(0, length))
  })

  it.each([
    ['zip', smallZip],
    ['legacy', smallLegacy],
  ])('survives every single-byte change of %s', (_, make) => {
    const file = make()
    const values = [0, 1, 0x2e, 0x52, 0x7f, 0x80, 0xff]
    let refused = 0
    for (let at = 0; at < file.length; at++) {
      for (const value of values) {
        const changed = file.slice()
        changed[at] = value
        try {
          parseTorchCheckpoint(changed, 's.pt')
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
          refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(file.length)
  })
})

describe('layouts', () => {
  const one = (saved: SavedTensor) => {
    const file = zipContainer(stateDict({ w: tensor(saved) }), { [saved.key]: saved.storage })
    return parseTorchCheckpoint(file, 's.pt').get('w')?.data
  }

  it('orders a transposed tensor row by row', () => {
    expect(one({ ...matrix, size: [3, 2], stride: [1, 3] })).toEqual(Float32Array.of(1.5, 4, -2, 5, 3, 6))
  })

  it('honours offset, gaps and repeats', () => {
    expect(one({ ...matrix, offset: 1, size: [2, 2], stride: [3, 1] })).toEqual(Float32Array.of(-2, 3, 5, 6))
    expect(one({ ...matrix, offset: 2, size: [2, 3], stride: [1, 0] })).toEqual(Float32Array.of(3, 3, 3, 4, 4, 4))
    expect(one({ ...matrix, offset: 4, size: [2], stride: [1] })).toEqual(Float32Array.of(5, 6))
  })

  it('lets tensors share a storage', () => {
    const row = { ...matrix, offset: 3, size: [3], stride: [1] }
    const file = zipContainer(stateDict({ a: tensor(matrix), b: tensor(row) }), storages)
    expect(parseTorchCheckpoint(file, 's.pt').get('b')?.data).toEqual(Float32Array.of(4, 5, 6))
  })

  it('reads a legacy view of a storage', () => {
    const view: SavedTensor = { ...matrix, view: ['9', 2, 4], offset: 1, size: [2], stride: [1] }
    const file = legacyContainer(stateDict({ w: tensor(view, {}, true) }), { 0: weights })
    expect(parseTorchCheckpoint(file, 's.pt').get('w')?.data).toEqual(Float32Array.of(4, 5))
  })

  it('reads an empty tensor', () => {
    expect(one({ ...matrix, storage: new Float32Array(0), size: [0, 3], stride: [3, 1] })).toEqual(new Float32Array(0))
  })

  it('widens half and bfloat16', () => {
    const half = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7c00)
    const vector = { key: '0', storage: half, size: [4], stride: [1] }
    expect(one({ ...vector, storageType: 'HalfStorage' })).toEqual(Float32Array.of(1, -2.5, 2 ** -24, Infinity))
    const bfloat = Uint16Array.of(0x3f80, 0xc020, 0x7f80, 0x0000)
    const widened = one({ ...vector, storage: bfloat, storageType: 'BFloat16Storage' })
    expect(widened).toEqual(Float32Array.of(1, -2.5, Infinity, 0))
  })

  it('unwraps a parameter', () => {
    const parameter = call(global('torch._utils', '_rebuild_parameter'), tensor(matrix), [0x88], orderedDict())
    const file = zipContainer(stateDict({ w: parameter }), storages)
    expect(parseTorchCheckpoint(file, 's.pt').get('w')?.data).toEqual(weights)
  })
})

describe('hostile and damaged files', () => {
  const asks = (name: string) => `s.pt: the pickle asks for ${name}; only tensors are read. Nothing was run.`
  const evil = call(global('os', 'system'), text('touch /tmp/owned'))

  it('refuses every global but those of tensors, by name', () => {
    expect(failure(zipContainer(concat(PROTO, evil, STOP), {}))).toBe(asks('os.system'))
    expect(failure(legacyContainer(concat(PROTO, evil, STOP), {}))).toBe(asks('os.system'))
    expect(failure(zipContainer(stateDict({ w: evil }), {}))).toBe(asks('os.system'))
    expect(failure(concat(global('posix', 'system'), tuple(text('id')), [0x52], STOP))).toBe(asks('posix.system'))
    const protocol4 = concat(
      [0x80, 4, 0x8c, 8],
      new TextEncoder().encode('builtins'),
      [0x94, 0x8c, 4],
      new TextEncoder().encode('eval'),
      [0x94, 0x93],
      STOP,
    )
    expect(failure(zipContainer(protocol4, {}))).toBe(asks('builtins.eval'))
    for (const name of ['constructor', '__proto__', 'FloatStorage.constructor', 'ComplexFloatStorage']) {
      expect(failure(zipContainer(concat(PROTO, global('torch', name), STOP), {}))).toBe(asks(`torch.${name}`))
    }
  })

  it('calls nothing that is not a function of the list', () => {
    expect(failure(zipContainer(concat(PROTO, call(global('torch', 'FloatStorage')), STOP), {}))).toMatch(/no function/)
    expect(failure(zipContainer(concat(PROTO, call(text('eval'), text('1')), STOP), {}))).toMatch(/no function/)
  })

  it('has no instruction that could run long or back in the file', () => {
    for (const opcode of [0x8b, 0x81, 0x92, 0x69, 0x6f, 0x82, 0x97]) {
      const file = zipContainer(concat(PROTO, [opcode, 0xfb, 0xff, 0xff, 0xff], STOP), {})
      expect(failure(file)).toContain(`byte 2 is 0x${opcode.toString(16)}, which is no pickle instruction`)
    }
  })

  it('sets attributes of nothing but a dictionary, and of that not either', () => {
    const attribute = concat([0x7d], text('__proto__'), [0x7d], [0x73], [0x62])
    const onFunction = concat(PROTO, global('collections', 'OrderedDict'), attribute, STOP)
    expect(failure(zipContainer(onFunction, {}))).toMatch(/sets attributes/)
    const onDictionary = concat(PROTO, orderedDict(), attribute, STOP)
    expect(parseTorchCheckpoint(zipContainer(onDictionary, {}), 's.pt').size).toBe(0)
  })

  it('checks lengths against the file before it allocates', () => {
    const huge = 0x7fffffff
    const claims = (dims: Partial<SavedTensor>, elements: number) =>
      failure(zipContainer(stateDict({ w: tensor({ ...matrix, ...dims }, { elements }) }), storages))
    expect(claims({ size: [huge], stride: [1] }, huge)).toMatch(/describe tensors of 2147483647 elements/)
    expect(claims({}, huge)).toMatch(/storage 0 of 'w' has 24 bytes, expected 8589934588/)
    expect(claims({ size: [huge], stride: [0] }, 6)).toMatch(/repeats its storages without end/)
    expect(claims({ size: [2, 3], stride: [3, 2] }, 6)).toMatch(/'w' reaches element 7 of its storage, which has 6/)
    expect(claims({ offset: 1 }, 6)).toMatch(/'w' reaches element 6/)
    expect(claims({ size: [-1], stride: [1] }, 6)).toMatch(/'w' is no tensor of whole-number shape/)
    expect(claims({ size: [2, 3], stride: [1] }, 6)).toMatch(/'w' is no tensor/)
    const legacy = legacyContainer(stateDict({ w: tensor(matrix, {}, true) }), { 0: weights })
    new DataView(legacy.buffer).setUint32(legacy.length - 32, huge, true)
    expect(failure(legacy)).toMatch(/storage 0 of 2147483647 F32 elements .* needs more than the \d+ bytes/)
    const longText = concat(PROTO, [0x58, 255, 255, 255, 255, 65])
    expect(failure(zipContainer(longText, {}))).toMatch(/needs 4294967295 bytes .* only 1/)
    const negativeBytes = concat(PROTO, [0x42, 0xfb, 0xff, 0xff, 0xff], STOP)
    expect(failure(zipContainer(negativeBytes, {}))).toMatch(/needs 4294967291 bytes .* only 1/)
    const endlessBytes = concat(PROTO, [0x8e, ...Array.from({ length: 8 }, () => 0xff)], STOP)
    expect(failure(zipContainer(endlessBytes, {}))).toMatch(/needs 18446744073709552000 bytes .* only 1/)
  })

  it('refuses archives whose entries are missing, ambiguous or compressed', () => {
    const pickle = stateDict({ w: tensor(matrix) })
    expect(failure(zipContainer(pickle, {}))).toMatch(/storage 0 of 'w' has no bytes, expected 24/)
    const ambiguous = zipContainer(pickle, storages, { 'other/data.pkl': pickle })
    expect(failure(ambiguous)).toMatch(/a zip archive of 2 data.pkl, expected 1/)
    const compressed = zipSync({ 'archive/data.pkl': pickle }, { level: 6 })
    expect(failure(compressed)).toMatch(/'archive\/data.pkl' is compressed, which torch.save never does/)
    const bigEndian = { 'archive/byteorder': new TextEncoder().encode('big') }
    expect(failure(zipContainer(pickle, storages, bigEndian))).toMatch(/big-endian/)
  })

  it('does not follow a zip directory that names one entry again and again', () => {
    const file = zipContainer(stateDict({}), { 0: new Float32Array(4096) })
    const record = zipRecord(file, 'archive/data/0')
    const end = file.slice(file.length - 22)
    const view = new DataView(end.buffer)
    const copies = 100
    const start = view.getUint32(16, true)
    view.setUint16(8, view.getUint16(8, true) + copies, true)
    const directory = file.subarray(start, file.length - 22)
    failure(concat(file.subarray(0, start), directory, ...Array.from({ length: copies }, () => record), end))
    view.setUint16(8, 65535, true)
    expect(failure(concat(file.subarray(0, file.length - 22), end))).toMatch(/directory of the zip archive is damaged/)
  })

  it('says what is not a state dict', () => {
    expect(failure(new TextEncoder().encode('hello'))).toBe(
      's.pt: neither a zip archive nor a pickle; expected a file of torch.save',
    )
    expect(failure(new Uint8Array(0))).toMatch(/neither a zip archive nor a pickle/)
    expect(failure(concat(PROTO, [0x49]))).toMatch(
      /byte 2 is 0x49, which is no pickle instruction that PyTorch or NumPy/,
    )
    expect(failure(concat(PROTO, int(3), STOP))).toMatch(/not one of torch.save/)
    expect(failure(zipContainer(concat(PROTO, int(3), STOP), {}))).toMatch(/holds no state_dict/)
    const pairs = [0x5d, ...tuple(text('w'), tensor(matrix)), 0x61]
    const filled = concat(PROTO, call(global('collections', 'OrderedDict'), pairs), STOP)
    expect(failure(zipContainer(filled, storages))).toMatch(/holds no state_dict/)
    const training = concat(PROTO, [0x7d], text('epoch'), int(3), [0x73], STOP)
    expect(failure(zipContainer(training, {}))).toMatch(/'epoch' is not a tensor; expected a state_dict/)
  })
})

describe("the authors' names", () => {
  it.each([
    ['origin_block.1.running_var', 'shallow.bn.running_var'],
    ['Non_local.non_local.origin_conv.0.bias', 'attention.rnta.g.bias'],
    ['Non_local.non_local.theta.weight', 'attention.rnta.theta.weight'],
    ['Non_local.non_local.phi.0.weight', 'attention.rnta.phi.weight'],
    ['Attention.conv_du.2.weight', 'attention.sca.expand.weight'],
    ['Res_sub.layer3x3_4.1.bn2.running_mean', 'residual.stages.3.units.1.layers.1.bn.running_mean'],
    ['module.Res_sub.layer3x3_1.0.downsample.0.weight', 'residual.stages.0.downsample.conv.weight'],
    ['regression.4.bias', 'classifier.2.bias'],
    ['Res_sub.fc.weight', null],
  ])('%s', (released, ours) => expect(fromReleasedName(released, 's.pt')).toBe(ours))

  it.each([
    'conv1.weight',
    'regression.1.weight',
    'origin_block.0.extra.weight',
    'Res_sub.layer3x3_1.1.downsample.0.weight',
  ])('refuses %s', (name) => {
    expect(() => fromReleasedName(name, 's.pt')).toThrow(`s.pt: '${name}' is not a name of the released`)
  })

  it('leaves out what is unused', () => {
    const names = ['regression.0.bias', 'Res_sub.fc.bias', 'origin_block.1.num_batches_tracked']
    expect([...renameReleased(new Map(names.map((name) => [name, 0])), 's.pt').keys()]).toEqual(['classifier.0.bias'])
  })
})

interface CheckpointCase extends FixtureCase {
  checkpoint: string
  container: string
  name_map: Record<string, string | null>
  state_dict: Record<string, { shape: number[]; dtype: string }>
  spot_first_middle_last: Record<string, number[]>
}

describe('checkpoints that torch.save wrote', () => {
  const checkpoints = fixtureCases('checkpoint') as CheckpointCase[]

  it('are of both kinds', () => {
    const own = checkpoints.filter(({ title, id }) => title === id)
    expect(own.map(({ container }) => container)).toEqual(['zip', 'legacy'])
  })

  it.each(checkpoints)('$title', (c) => {
    const tensors = parseTorchCheckpoint(readBytes({ file: c.checkpoint, folder: c.folder }), c.checkpoint)
    expect([...tensors.keys()]).toEqual(Object.keys(c.state_dict))
    for (const [name, { shape, dtype }] of Object.entries(c.state_dict)) {
      const tensor = tensors.get(name)
      expect(tensor?.shape, name).toEqual(shape)
      expect(tensor?.dtype, name).toBe({ float32: 'F32', int64: 'I64' }[dtype])
      if (dtype === 'int64') continue
      const values = Array.from(tensor?.data ?? [], Number)
      const spots = [values[0], values[Math.floor(values.length / 2)], values.at(-1)]
      expect(spots, name).toEqual(c.spot_first_middle_last[name])
    }
  })

  it.each(checkpoints)('$title: the name map', ({ name_map }) => {
    expect(Object.fromEntries(Object.keys(name_map).map((name) => [name, fromReleasedName(name, 'map')]))).toEqual(
      name_map,
    )
  })
})
