// The part of a JavaScript peer that is not its model: arguments, tensor files, and one training step for each line on stdin.
// The protocol is in README.md.
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

/**
 * Runs a peer. `start` gets { weights, batch: { eda, music, labels }, rate, momentum, adapter, backend } with tensors
 * { shape, data }, and returns { about: { versions, adapter }, step, weights }: `step` takes one training step, waits until the
 * device has finished and returns the loss; `weights` returns the parameters by name, as [name, { shape, data }] pairs.
 */
export async function serve(start) {
  console.log = console.info = console.warn = console.error // only answers may reach stdout
  const options = readArguments()
  const peer = await start({
    ...options,
    weights: readSafetensors(options.weights),
    batch: readSafetensors(options.batch),
  })
  say(peer.about)
  for await (const line of createInterface({ input: process.stdin })) {
    say(line === 'step' ? await timed(peer.step) : await save(peer.weights, options.answers))
  }
  process.exit() // Dawn and worker threads may hold the process
}

async function timed(step) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  const loss = await step()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - start, cpu_ms: (user + system) / 1000, loss }
}

async function save(weights, file) {
  writeFileSync(file, formatSafetensors(await weights()))
  return {}
}

const say = (document) => writeSync(1, `${JSON.stringify(document)}\n`)

function readArguments() {
  const names = ['weights', 'batch', 'answers', 'rate', 'momentum', 'threads', 'adapter', 'backend']
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) })
  return { ...values, rate: Number(values.rate), momentum: Number(values.momentum), threads: Number(values.threads) }
}

function readSafetensors(file) {
  const { buffer } = new Uint8Array(readFileSync(file))
  const start = 8 + Number(new DataView(buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, start - 8)))
  return Object.fromEntries(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const Elements = dtype === 'I32' ? Int32Array : Float32Array
        return [name, { shape, data: new Elements(buffer.slice(start + begin, start + end)) }]
      },
    ),
  )
}

function formatSafetensors(tensors) {
  let end = 0
  const header = tensors.map(([name, { shape, data }]) => {
    end += data.byteLength
    return [name, { dtype: 'F32', shape, data_offsets: [end - data.byteLength, end] }]
  })
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([
    length,
    text,
    ...tensors.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ])
}
