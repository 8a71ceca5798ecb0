// TensorBoard's event files: protocol buffers (tensorboard/compat/proto/event.proto, summary.proto) in the records of TensorFlow's
// TFRecord format: length, its checksum, data, their checksum. https://www.tensorflow.org/tutorials/load_data/tfrecord
import { PbfWriter } from 'pbf'

/** The first record of a file. `time` in seconds since 1970. */
export function eventFileStart(time: number): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeDoubleField(1, time)
  pbf.writeStringField(3, 'brain.Event:2')
  return record(pbf.finish())
}

/** Numbers by name at one step. `time` in seconds since 1970. */
export function scalarRecord(time: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeDoubleField(1, time)
  pbf.writeVarintField(2, step)
  pbf.writeMessage(5, writeSummary, scalars)
  return record(pbf.finish())
}

function writeSummary(scalars: Readonly<Record<string, number>>, pbf: PbfWriter): void {
  for (const entry of Object.entries(scalars)) pbf.writeMessage(1, writeValue, entry)
}

function writeValue([tag, value]: [string, number], pbf: PbfWriter): void {
  pbf.writeStringField(1, tag)
  pbf.writeFloatField(2, value)
}

function record(data: Uint8Array): Uint8Array {
  const [head, foot] = [12, 4]
  const bytes = new Uint8Array(head + data.length + foot)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true)
  bytes.set(data, head)
  view.setUint32(head + data.length, masked(crc32c(data)), true)
  return bytes
}

/** Rotated and shifted, so that a checksum of data that hold checksums says something. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0

/** CRC-32C (Castagnoli), reflected polynomial 0x82f63b78. */
function crc32c(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}
