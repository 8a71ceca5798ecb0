import { describe, expect, it } from 'vitest'
import { fromMoment, temperatureAmong } from '../../src/reading/temperature.ts'

describe('the temperature beside skin conductance', () => {
  it('is the one channel whose name and unit say so', () => {
    const eda = { name: 'EDA', unit: 'uS' }
    expect(temperatureAmong([eda, { name: 'Temp', unit: 'degC' }])).toBe(1)
    expect(temperatureAmong([{ name: 'SKT100C', unit: '°C' }, eda])).toBe(0)
    expect(temperatureAmong([eda, { name: 'Temp', unit: 'V' }])).toBeUndefined()
    expect(temperatureAmong([eda, { name: 'Core', unit: 'degC' }])).toBeUndefined()
    expect(
      temperatureAmong([
        { name: 'Temp 1', unit: 'C' },
        { name: 'Temp 2', unit: 'C' },
      ]),
    ).toBeUndefined()
  })

  it('is from the same moment on, or of another session', () => {
    const trace = { start: 1000, rate: 2, values: Float64Array.of(1, 2, 3) }
    expect(fromMoment(trace, 1001)).toEqual({ sampleRate: 2, values: Float64Array.of(3) })
    expect(fromMoment(trace, 999)).toEqual({ sampleRate: 2, values: Float64Array.of(NaN, NaN, 1, 2, 3) })
    expect(fromMoment(trace, 1010)).toEqual({ sampleRate: 2, values: new Float64Array() })
    expect(fromMoment(trace, 5000)).toBeUndefined()
  })
})
