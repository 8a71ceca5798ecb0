import { describe, expect, it } from 'vitest'
import { conductanceAmong, conductanceScore } from '../../src/reading/channel.ts'
import { inMicrosiemens, unitInName } from '../../src/reading/unit.ts'

const around = (level: number): Float64Array => Float64Array.from({ length: 50 }, (_, i) => level * (1 + i / 500))

describe('the unit in a name', () => {
  it.each([
    ['EDA (µS)', 'µS'],
    ['EDA (\u03BCS)', 'µS'],
    ['eda_us', 'µS'],
    ['eda_uS', 'µS'],
    ['GSR [kOhm]', 'kΩ'],
    ['Skin Resistance (k\u2126)', 'kΩ'],
    ['gsr_kohm', 'kΩ'],
    ['Skin conductance microsiemens', 'µS'],
    ['GSR nS', 'nS'],
    ['EDA (S)', 'S'],
    ['EDA', undefined],
    ['us', undefined],
  ])('%s is %s', (name, unit) => {
    expect(unitInName(name)?.name).toBe(unit)
  })
})

describe('values', () => {
  it.each([
    ['nS', 5000],
    ['mS', 0.005],
    ['S', 5e-6],
    ['kohm', 200],
    ['Ohm', 200_000],
    ['MOhm', 0.2],
    ['uS', 5],
    ['µS', 5],
  ])('in %s become µS, whether the user or the file says so', (name, level) => {
    for (const [asked, said] of [
      [name, undefined],
      [undefined, name],
    ]) {
      const { eda, unit, notes } = inMicrosiemens(Float64Array.of(level, NaN), 'a.csv', asked, said)
      expect([unit, eda[1]]).toEqual(['µS', NaN])
      expect(eda[0]).toBeCloseTo(5, 9)
      expect(notes.length).toBe(asked === undefined && level !== 5 ? 1 : 0)
    }
  })

  it('of a resistance of 0 have no conductance', () => {
    expect([...inMicrosiemens(Float64Array.of(0, -1, 100), 'a', 'kohm', undefined).eda]).toEqual([NaN, NaN, 10])
  })

  it('keep a name that is none of conductance, if the user gives it', () => {
    const counts = around(500)
    expect(inMicrosiemens(counts, 'a', 'counts', 'mV')).toEqual({ eda: counts, unit: 'counts', notes: [] })
  })

  it.each([
    [194, /^a\.csv: a level of 2\d\d is no skin conductance in µS .* --unit kohm .* --unit counts/],
    [32_000, /--unit kohm/],
    [5e-6, /--unit S/],
  ])('of a level of %d are refused without a unit', (level, says) => {
    expect(() => inMicrosiemens(around(level), 'a.csv', undefined, undefined)).toThrow(says)
  })

  it.each(['mV', 'V', 'Volts', 'uV', '°C', 'bpm'])('in %s are none of skin conductance', (said) => {
    expect(() => inMicrosiemens(around(5), 'a.csv', undefined, said)).toThrow(
      `a.csv: its unit is ${said}, which is none`,
    )
  })

  it('of a low level, a constant, or an unknown unit of a plausible level are taken as they are, with a doubt', () => {
    expect(inMicrosiemens(around(0.004), 'a', undefined, undefined).notes[0]).toMatch(/less than skin has/)
    expect(inMicrosiemens(new Float64Array(9), 'a', undefined, undefined)).toMatchObject({ unit: 'µS', notes: [] })
    expect(inMicrosiemens(around(5), 'a', undefined, 'mysterious').notes[0]).toMatch(
      /its unit 'mysterious' is not known/,
    )
    expect(() => inMicrosiemens(around(900), 'a', undefined, 'mysterious')).toThrow(
      /Its file calls the unit 'mysterious'/,
    )
  })
})

describe('a name', () => {
  it.each([
    ['EDA', 3],
    ['eda_us', 3],
    ['GSR1', 3],
    ['EDA_Left', 3],
    ['SkinConductance', 3],
    ['Shimmer_B663_GSR_Skin_Conductance_CAL', 3],
    ['Leitfähigkeit (µS)', 2],
    ['EA', 2],
    ['signal (µS)', 2],
    ['Shimmer_B663_GSR_Skin_Resistance_CAL', 1],
    ['EDA_Tonic', 0],
    ['EDA quality', 0],
    ['time_us', 0],
    ['stAtUs', 0],
    ['heart rate', 0],
  ])('%s scores %d', (name, score) => {
    expect(conductanceScore(name)).toBe(score)
  })

  it('that is likeliest is taken; two alike, or none, are refused', () => {
    const names = ['time', 'GSR_Skin_Resistance', 'GSR_Skin_Conductance', 'temp']
    expect(conductanceAmong(names, undefined, 'a.csv')).toEqual([2])
    expect(conductanceAmong(names, ['TEMP', 'time'], 'a.csv')).toEqual([3, 0])
    expect(() => conductanceAmong(['a', 'b'], undefined, 'a.edf', 'channels')).toThrow(
      'a.edf: cannot tell which of its channels is skin conductance; give --eda NAME, one of a, b',
    )
    expect(() => conductanceAmong(['EDA', 'eda'], ['Eda'], 'a.csv')).toThrow("2 columns are called 'Eda'; rename one")
  })
})
