// The rule of `--device auto`, at both sides of each of its bounds.
import { describe, expect, it } from 'vitest'
import { chooseDevice, suitsWorkers, type AdapterClass } from '../../src/cvxeda/choose_device.ts'

const classes: readonly AdapterClass[] = ['gpu', 'software', 'none']

describe('on each class of adapter', () => {
  it.each([
    ['a recording of 41 minutes at 4 Hz', 1, 9_840, ['cpu', 'cpu', 'cpu']],
    ['32,768 samples', 20, 32_768, ['cpu', 'cpu', 'cpu']],
    ['one sample more', 20, 32_769, ['gpu', 'cpu', 'cpu']],
    ['a recording of a day at 4 Hz', 1, 345_600, ['gpu', 'cpu', 'cpu']],
    ['255 recordings of 4,112.1 samples', 255, 1_048_586, ['gpu', 'cpu', 'cpu']],
    ['256 recordings just short of 4,096 samples', 256, 1_048_575, ['gpu', 'cpu', 'cpu']],
    ['256 recordings of 4,096 samples', 256, 1_048_576, ['gpu', 'gpu', 'cpu']],
  ] as const)('%s', (_, signals, samples, expected) => {
    expect(classes.map((adapter) => chooseDevice(adapter, { signals, samples }))).toEqual(expected)
  })

  it('what goes to the CPU beside a GPU goes there beside anything: no adapter has to be opened to know', () => {
    for (const signals of [1, 10, 1000]) {
      for (const samples of [1000, 30_000, 100_000, 10_000_000]) {
        const chosen = classes.map((adapter) => chooseDevice(adapter, { signals, samples }))
        if (chosen[0] === 'cpu') expect(chosen).toEqual(['cpu', 'cpu', 'cpu'])
      }
    }
  })
})

it('several threads are for several signals that are worth it', () => {
  const works = [
    [1, 1_000_000],
    [20, 32_768],
    [20, 32_769],
  ] as const
  expect(works.map(([signals, samples]) => suitsWorkers({ signals, samples }))).toEqual([false, false, true])
})
