// Event files read by other people's checksum and protocol buffers.
import { buf } from 'crc-32/crc32c.js'
import protobuf from 'protobufjs'
import { expect, it } from 'vitest'
import { eventFileStart, scalarRecord } from '../../src/formats/event_file.ts'

// The fields that TensorBoard reads, as its event.proto and summary.proto number them.
const { root } = protobuf.parse(`syntax = "proto3";
  message Event { double wall_time = 1; int64 step = 2; oneof what { string file_version = 3; Summary summary = 5; } }
  message Summary { message Value { string tag = 1; float simple_value = 2; } repeated Value value = 1; }`)
const Event = root.lookupType('Event')

/** A checksum as TFRecord stores it. */
function masked(bytes: Uint8Array): number {
  const crc = buf(bytes) >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function readRecords(bytes: Uint8Array): unknown[] {
  const found: unknown[] = []
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true))
    expect(view.getUint32(at + 8, true)).toBe(masked(bytes.subarray(at, at + 8)))
    const data = bytes.subarray(at + 12, at + 12 + length)
    expect(view.getUint32(at + 12 + length, true)).toBe(masked(data))
    found.push(Event.toObject(Event.decode(data), { longs: Number }))
    at += length + 16
  }
  return found
}

it('records are as long as they say, their checksums hold, and they are events', () => {
  const records = [eventFileStart(1e9), scalarRecord(1e9 + 0.5, 3, { 'loss/train': 0.25, 'accuracy/validation': 1 })]
  const bytes = new Uint8Array(records.flatMap((record) => [...record]))
  expect(readRecords(bytes)).toEqual([
    { wallTime: 1e9, fileVersion: 'brain.Event:2' },
    {
      ...{ wallTime: 1e9 + 0.5, step: 3 },
      summary: {
        value: [
          { tag: 'loss/train', simpleValue: 0.25 },
          { tag: 'accuracy/validation', simpleValue: 1 },
        ],
      },
    },
  ])
})
