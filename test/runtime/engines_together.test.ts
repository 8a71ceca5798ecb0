// Several engines at work at once: two on one device, one on two devices, and two copies of the library on one device.
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as galvani from '../../src/index.ts'
import { gradients } from '../../src/kernels.ts'
import { openGpu } from '../../src/runtime/node.ts'

type Library = typeof galvani

const signal = (seed: number, n: number) =>
  Float64Array.from({ length: n }, (_, i) => Math.sin((i + seed) / 9) + ((i * (seed + 3)) % 37) / 20)

/** A decomposition and a few steps of a small network in training, whose parts differ from seed to seed. */
async function work({ decompose, initialise, Plan, presets, Rtcan1d }: Library, gpu: galvani.Gpu, seed: number) {
  const decomposed = decompose(gpu, [signal(seed, 160), signal(seed + 1, 160), signal(seed, 121)], { sampleRate: 8 })
  const config = {
    ...{ ...presets.paper, channels: 8, stage_channels: [8], length: 120 },
    ...{ final_pool: 2, music_dim: 2, hidden: [4] },
  }
  const model = new Rtcan1d(gpu, config)
  model.weights.load(initialise(config, model.summary, 'he', seed), 'initial weights')
  const plan = new Plan(gpu)
  const inputs = { eda: plan.input('eda', [2, 3, 120]), music: plan.input('music', [2, 2]) }
  const forward = model.forward(plan, inputs, { training: true, gradients })
  const { loss, dlogits } = forward.loss(plan.input('targets', [2, 2]))
  forward.backward(dlogits)
  plan.output('loss', loss)
  await plan.compile()
  plan.write(
    'eda',
    Float32Array.from({ length: 720 }, (_, i) => Math.sin(i * (seed + 1))),
  )
  plan.write('targets', [1, 0, 0, 1])
  const losses: number[] = []
  for (let step = 0; step < 5; step++) {
    plan.run()
    losses.push(...(await plan.readFloat('loss')))
  }
  const slopes = await model.weights.download(model.weights.gradients)
  plan.destroy()
  return { losses, slopes, decomposed: await decomposed }
}

let first: galvani.Gpu
let second: galvani.Gpu
let alone: Awaited<ReturnType<typeof work>>[]
beforeAll(async () => {
  ;[first, second] = [await openGpu(), await openGpu()]
  alone = [await work(galvani, first, 1), await work(galvani, first, 2)]
  expect(alone[0]!.losses).not.toEqual(alone[1]!.losses)
})
afterAll(async () => {
  await first.close()
  await second.close()
})

it('two engines on one device compute what each computes alone, to the last bit', async () => {
  const guests = [1, 2].map(() => galvani.Gpu.fromDevice(first.device))
  expect(await Promise.all(guests.map((guest, i) => work(galvani, guest, i + 1)))).toEqual(alone)
  // What one does wrong, and its end, are no matter of the other.
  await guests[0]!.close()
  await expect(galvani.decompose(guests[0]!, [signal(1, 160)], { sampleRate: 8 })).rejects.toThrow('this Gpu is closed')
  expect(await work(galvani, guests[1]!, 2)).toEqual(alone[1])
  await guests[1]!.close()
})

it('one library on two devices does', async () => {
  expect(first.device).not.toBe(second.device)
  expect(await Promise.all([work(galvani, first, 1), work(galvani, second, 2)])).toEqual(alone)
})

it('two copies of the library on one device do', async () => {
  const other = (await import(new URL('../../dist/index.js', import.meta.url).href)) as Library
  expect(other.Gpu).not.toBe(galvani.Gpu)
  const guests = [galvani, other].map((library) => library.Gpu.fromDevice(first.device))
  const both = [work(galvani, guests[0]!, 1), work(other, guests[1]!, 2)]
  expect(await Promise.all(both)).toEqual(alone)
  for (const guest of guests) await guest.close()
})
