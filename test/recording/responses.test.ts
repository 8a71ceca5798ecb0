import { describe, expect, it } from 'vitest'
import { scrEvents, type ScrEvent } from '../../src/recording/responses.ts'
import { Random } from '../../src/runtime/random.ts'

const TAU0 = 2
const TAU1 = 0.7
/** Response to a unit impulse of the driver, after t seconds. */
const bateman = (t: number): number => (t <= 0 ? 0 : Math.exp(-t / TAU0) - Math.exp(-t / TAU1))
const PEAK_TIME = (Math.log(TAU0 / TAU1) * (TAU0 * TAU1)) / (TAU0 - TAU1)
const PEAK = bateman(PEAK_TIME)
/** Seconds from the peak to half of it, by bisection. */
const HALF_TIME = (() => {
  let [early, late] = [PEAK_TIME, 20]
  for (let i = 0; i < 60; i++) {
    const middle = (early + late) / 2
    if (bateman(middle) > PEAK / 2) early = middle
    else late = middle
  }
  return early - PEAK_TIME
})()

interface Impulse {
  at: number
  area: number
}

/** Phasic signal and driver of impulses at given seconds. */
function responses(impulses: Impulse[], seconds: number, sampleRate: number) {
  const n = Math.round(seconds * sampleRate)
  const phasic = Float64Array.from({ length: n }, (_, i) =>
    impulses.reduce((sum, { at, area }) => sum + area * bateman(i / sampleRate - at), 0),
  )
  const driver = new Float64Array(n)
  for (const { at, area } of impulses) driver[Math.round(at * sampleRate)]! += area * sampleRate
  return { phasic, driver, sampleRate }
}

const single = (event: ScrEvent | undefined): ScrEvent => {
  if (!event) throw new Error('no event')
  return event
}

describe('one response', () => {
  it.each([4, 12.5, 128, 1000])('is found at %d Hz with its known onset, peak and half recovery', (sampleRate) => {
    const events = scrEvents(responses([{ at: 4, area: 0.8 }], 20, sampleRate))
    expect(events).toHaveLength(1)
    const { onset, peak, recovery, amplitude, height, riseTime, recoveryTime, driverArea } = single(events[0])
    const step = 1 / sampleRate
    expect(onset / sampleRate).toBeCloseTo(4, 9)
    expect(Math.abs(peak / sampleRate - 4 - PEAK_TIME)).toBeLessThanOrEqual(step)
    expect(recovery / sampleRate - 4).toBeGreaterThanOrEqual(PEAK_TIME + HALF_TIME - 1e-9)
    expect(recovery / sampleRate - 4).toBeLessThan(PEAK_TIME + HALF_TIME + 2 * step)
    expect(riseTime).toBe((peak - onset) / sampleRate)
    expect(recoveryTime).toBe((recovery - peak) / sampleRate)
    expect(height).toBe(amplitude)
    expect(amplitude / (0.8 * PEAK)).toBeGreaterThan(sampleRate < 10 ? 0.98 : 0.999)
    expect(amplitude).toBeLessThanOrEqual(0.8 * PEAK)
    expect(driverArea).toBeCloseTo(0.8, 12)
  })

  it('begins where the signal leaves its flat foot, rounding or not', () => {
    const input = responses([{ at: 6, area: 1 }], 20, 128)
    const random = new Random(1)
    const rough = input.phasic.map((value) => value + 1e-5 * random.uniform())
    for (const phasic of [input.phasic, rough]) {
      const events = scrEvents({ ...input, phasic })
      expect(events).toHaveLength(1)
      expect(Math.abs(single(events[0]).onset - 6 * 128)).toBeLessThanOrEqual(1)
    }
  })

  it('counts from the first sample of a plateau', () => {
    const phasic = [0, 0, 1, 3, 3, 3, 2, 1, 0, 0]
    const [event] = scrEvents({ phasic, driver: phasic, sampleRate: 1 })
    expect(event).toMatchObject({ onset: 1, peak: 3, recovery: 7, amplitude: 3, driverArea: 4 })
  })
})

describe('several responses', () => {
  it('has an amplitude above its own onset where one rides on the decay of another', () => {
    const sampleRate = 100
    const events = scrEvents(
      responses(
        [
          { at: 2, area: 1 },
          { at: 4, area: 1 },
        ],
        20,
        sampleRate,
      ),
    )
    expect(events).toHaveLength(2)
    const [first, second] = [single(events[0]), single(events[1])]
    expect(second.onset).toBe(400)
    expect(second.height).toBeGreaterThan(first.height)
    expect(second.amplitude).toBeCloseTo(second.height - bateman(2), 12)
    expect(second.amplitude).toBeLessThan(second.height)
    expect([first.driverArea, second.driverArea]).toEqual([expect.closeTo(1), expect.closeTo(1)])
  })

  it('has no half recovery if the next one comes first, or the end', () => {
    const sampleRate = 50
    const [first, second] = scrEvents(
      responses(
        [
          { at: 2, area: 1 },
          { at: 4.2, area: 1 },
        ],
        6,
        sampleRate,
      ),
    )
    expect(bateman(2.2)).toBeGreaterThan(PEAK / 2)
    for (const event of [single(first), single(second)])
      expect([event.recovery, event.recoveryTime]).toEqual([NaN, NaN])
  })

  it('leaves out what is below 0.01, or below the given amplitude', () => {
    const input = responses(
      [
        { at: 2, area: 1 },
        { at: 20, area: 0.11 },
        { at: 40, area: 0.09 },
        { at: 60, area: 0.025 },
      ],
      80,
      20,
    )
    const count = (minAmplitude?: number) =>
      scrEvents({ ...input, ...(minAmplitude !== undefined && { minAmplitude }) }).length
    expect([count(), count(0.1 * PEAK), count(0.05 * PEAK), count(0.5 * PEAK), count(2)]).toEqual([3, 2, 3, 1, 0])
  })

  it('counts each rise for itself, and ignores those that are too small', () => {
    const phasic = [0, 0.6, 0.59, 1.02, 0.7, 0.75, 0.2]
    const events = scrEvents({ phasic, driver: phasic.map(() => 1), sampleRate: 2, minAmplitude: 0.1 })
    expect(events).toMatchObject([
      { onset: 0, peak: 1, amplitude: 0.6, recovery: NaN, driverArea: 1 },
      { onset: 2, peak: 3, height: 1.02, amplitude: expect.closeTo(0.43) as number, recovery: 4 },
    ])
  })

  it('needs a driver as long as the signal', () => {
    expect(() => scrEvents({ phasic: [0, 1, 0], driver: [0, 1], sampleRate: 4 })).toThrow(
      '3 samples of the phasic signal, but 2 of the driver',
    )
  })

  it('does not take a creeping foot for a rise', () => {
    const sampleRate = 16
    const input = responses([{ at: 40, area: 1 }], 60, sampleRate)
    const phasic = input.phasic.map((value, i) => value + (1e-6 * i) / sampleRate)
    expect(scrEvents({ ...input, phasic })).toMatchObject([{ onset: 40 * sampleRate }])
  })
})

describe('the edges', () => {
  const find = (phasic: number[]) => scrEvents({ phasic, driver: phasic.map(() => 0), sampleRate: 4 })

  it('give no peak that is not fallen from, or not risen to', () => {
    expect(find([0, 1, 2, 3])).toEqual([])
    expect(find([0, 1, 2, 2])).toEqual([])
    expect(find([])).toEqual([])
    expect(find([0, 0, 0, 0])).toEqual([])
    expect(find([0, 1, 0])).toMatchObject([{ onset: 0, peak: 1, recovery: 2 }])
  })

  it('tell of what falls at first that it began before, with the amplitude that is left', () => {
    expect(find([3, 2, 1, 0])).toMatchObject([{ onset: 0, peak: 0, amplitude: 3, recovery: 2, doubt: 'began before' }])
    expect(find([0.009, 0.005, 0])).toEqual([])
  })

  it('lie at gaps too', () => {
    expect(find([0, 1, NaN, 0, 1])).toEqual([])
    expect(find([0, 1, NaN, 1, 0])).toMatchObject([{ onset: 3, peak: 3, doubt: 'began before' }])
    const events = find([0, 2, 1.5, NaN, 0, 0, 1, 0])
    expect(events).toMatchObject([
      { onset: 0, peak: 1, recovery: NaN },
      { onset: 5, peak: 6, recovery: 7 },
    ])
  })
})

describe('a doubt', () => {
  const sampleRate = 8
  const input = responses(
    [
      { at: 0.5, area: 1 },
      { at: 20, area: 1 },
      { at: 38.4, area: 1 },
    ],
    40,
    sampleRate,
  )
  const doubts = (more: object = {}): string[] => scrEvents({ ...input, ...more }).map(({ doubt }) => doubt)

  it('is had of what begins in the first second, and of what peaks in the last', () => {
    expect(doubts()).toEqual(['began before', '', 'cut off'])
    const gap = input.phasic.map((value, i) => (i === 19.5 * sampleRate ? NaN : value))
    expect(doubts({ phasic: gap })).toEqual(['began before', 'began before', 'cut off'])
  })

  it('is had of what rises for more than 5 s', () => {
    const rising = (seconds: number): string[] => {
      const n = seconds * sampleRate
      const phasic = Float64Array.from({ length: 30 * sampleRate }, (_, i) => {
        const at = i - 4 * sampleRate
        return at < 0 ? 0 : at <= n ? at / n : Math.max(0, 1 - (at - n) / n)
      })
      return scrEvents({ phasic, driver: phasic, sampleRate }).map(({ doubt }) => doubt)
    }
    expect([rising(5), rising(5.125)]).toEqual([[''], ['slow rise']])
  })

  it('is had of what is excluded between onset and peak', () => {
    const excluded = new Uint8Array(input.phasic.length)
    const [, event] = scrEvents(input)
    excluded[event!.onset - 1] = excluded[event!.peak + 1] = 1
    expect(doubts({ excluded })[1]).toBe('')
    for (const at of [event!.onset, event!.peak]) {
      const inside = excluded.slice().fill(1, at, at + 1)
      expect(doubts({ excluded: inside })[1]).toBe('artefact')
    }
  })

  it('is had of what the tonic part takes away again, so that the recording goes on as before', () => {
    const level = input.phasic.map((_, i) => 2 + 0.02 * i)
    expect(doubts({ tonic: level })[1]).toBe('')
    // The same responses, of which the recording shows but a straight line.
    expect(doubts({ tonic: level.map((value, i) => value - input.phasic[i]!) })[1]).toBe('drift')
    expect(doubts({ tonic: level.map((value, i) => value - 0.3 * input.phasic[i]!) })[1]).toBe('')
  })

  it('asks for signals of one length', () => {
    expect(() => doubts({ tonic: [1] })).toThrow('320 samples of the phasic signal, but 1 of the tonic part')
    expect(() => doubts({ excluded: [1] })).toThrow('320 samples of the phasic signal, but 1 of what is excluded')
  })
})

describe('any phasic signal', () => {
  const random = new Random(7)
  const signals = Array.from({ length: 40 }, (_, s) => {
    const sampleRate = [4, 16, 128][s % 3]!
    const impulses = Array.from({ length: 1 + Math.floor(random.uniform() * 12) }, () => ({
      at: random.uniform() * 55,
      area: 0.05 + random.uniform(),
    }))
    return responses(impulses, 60, sampleRate)
  })

  it('gives events in order: onset, peak, half recovery, next onset', () => {
    let events = 0
    for (const input of signals) {
      const found = scrEvents(input)
      events += found.length
      found.forEach(({ onset, peak, recovery, amplitude, height, riseTime, recoveryTime, driverArea }, i) => {
        expect(onset).toBeLessThan(peak)
        const next = found[i + 1]?.onset ?? input.phasic.length - 1
        expect(peak).toBeLessThan(next)
        if (Number.isFinite(recovery)) {
          expect(recovery).toBeGreaterThan(peak)
          expect(recovery).toBeLessThanOrEqual(next)
          expect(recoveryTime).toBeGreaterThan(0)
        }
        expect(amplitude).toBeGreaterThan(0)
        expect(height).toBeGreaterThanOrEqual(amplitude)
        expect(riseTime).toBeGreaterThan(0)
        expect(driverArea).toBeGreaterThan(0)
      })
    }
    expect(events).toBeGreaterThan(100)
  })

  it('has the same events in another unit', () => {
    for (const input of signals) {
      const scaled = { ...input, phasic: input.phasic.map((v) => 1024 * v), driver: input.driver.map((v) => 1024 * v) }
      const found = scrEvents(input)
      const expected = found.map((event) => ({
        ...event,
        amplitude: 1024 * event.amplitude,
        height: 1024 * event.height,
        driverArea: 1024 * event.driverArea,
      }))
      expect(scrEvents({ ...scaled, minAmplitude: 10.24 })).toEqual(expected)
    }
  })
})

describe('a response behind one of more than ten times its amplitude', () => {
  const found = (share: number, later: number, rate: number): string[] =>
    scrEvents(
      responses(
        [
          { at: 10, area: 1 },
          { at: 10 + later, area: share },
        ],
        40,
        rate,
      ),
    ).map(({ doubt }) => doubt)

  it.each([4, 32])('is in doubt on its fall, at %d Hz', (rate) => {
    // On the falling side of the larger one a rise is as high as what is left of it after the fall.
    expect(found(0.2, 3.5, rate)).toEqual(['', 'beside larger'])
    expect(found(0.2, 8, rate)).toEqual(['', ''])
    expect(found(1, 3.5, rate)).toEqual(['', ''])
  })
})
