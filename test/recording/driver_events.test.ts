import { describe, expect, it } from 'vitest'
import { measureEvents } from '../../bench/event_accuracy.ts'
import { driverEvents } from '../../src/recording/driver_events.ts'
import { scrEvents } from '../../src/recording/responses.ts'

const shape = { tau0: 2, tau1: 0.7 }
const bateman = (t: number): number => (t <= 0 ? 0 : Math.exp(-t / 2) - Math.exp(-t / 0.7))

/** Phasic part and driver of responses at given seconds with given peaks. */
function responses(all: readonly (readonly [at: number, peak: number])[], sampleRate: number) {
  const impulses = all.map(([at, peak]) => ({ at, area: peak / 0.3873 }))
  const phasic = Float64Array.from({ length: 40 * sampleRate }, (_, i) =>
    impulses.reduce((sum, { at, area }) => sum + area * bateman(i / sampleRate - at), 0),
  )
  const driver = new Float64Array(phasic.length)
  for (const { at, area } of impulses) driver[Math.round(at * sampleRate)]! += area * sampleRate
  return { phasic, driver, sampleRate, shape }
}

describe('responses from the driver', () => {
  it.each([4, 100])(
    'are those that rise, and one on the fall of another, at %d Hz, each as large as alone',
    (sampleRate) => {
      const truth = [
        [5, 1],
        [7.4, 0.15],
        [20, 0.5],
        [22.5, 0.5],
      ] as const
      const input = responses(truth, sampleRate)
      expect(scrEvents(input)).toHaveLength(3)
      const found = driverEvents(input)
      expect(found.map(({ doubt }) => doubt)).toEqual(['', '', '', ''])
      found.forEach(({ onset, peak, amplitude }, i) => {
        expect(Math.abs(onset / sampleRate - truth[i]![0])).toBeLessThan(0.3)
        expect(Math.abs(peak / sampleRate - truth[i]![0] - 1.13)).toBeLessThan(0.3)
        expect(Math.abs(amplitude / truth[i]![1] - 1)).toBeLessThan(i === 1 ? 0.25 : 0.06) // the area of a burst is coarse
      })
    },
  )

  it('do not count a burst that is small beside the response on whose fall it lies, or beside the threshold', () => {
    const count = (peak: number, minAmplitude: number) =>
      driverEvents({
        ...responses(
          [
            [5, 1],
            [8, peak],
          ],
          8,
        ),
        minAmplitude,
      }).length
    expect([count(0.08, 0.01), count(0.12, 0.01), count(0.12, 0.1)]).toEqual([1, 2, 1])
  })

  it('find more where they are dense, at the amplitude that they have', async () => {
    const dense = { kind: 'dense', recordings: 4, settings: {} } as const
    const [driver, phasic] = [
      (await measureEvents(dense, 31337, { eventsFrom: 'driver' })).now,
      (await measureEvents(dense, 31337)).now,
    ]
    expect(driver.recall).toBeGreaterThan(phasic.recall + 0.01)
    expect(driver.falseInTenMinutes).toBeLessThanOrEqual(1)
    expect(Math.abs(driver.meanBias)).toBeLessThan(0.1)
    expect(phasic.meanBias).toBeLessThan(-0.15)
  })
})
