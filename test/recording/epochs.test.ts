import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/recording/analyse.ts'
import { readEvents } from '../../src/reading/events.ts'
import { eventNotes, eventRelated, intervalRelated } from '../../src/recording/epochs.ts'
import { epochFiles, type Pieces } from '../../src/recording/files.ts'
import type { ScrEvent } from '../../src/recording/responses.ts'
import { withSpans } from '../../src/signal/quality.ts'

const RATE = 4
const N = 60 * RATE
const at = (seconds: number, amplitude: number, doubt: ScrEvent['doubt'] = ''): ScrEvent => ({
  onset: seconds * RATE,
  peak: (seconds + 1.5) * RATE,
  recovery: (seconds + 4) * RATE,
  height: amplitude,
  amplitude,
  riseTime: 1.5,
  recoveryTime: 2.5,
  driverArea: amplitude,
  doubt,
})
const series = (of: (t: number) => number): Float64Array => Float64Array.from({ length: N }, (_, i) => of(i / RATE))
const analysis: Pick<Analysis, 'signals' | 'events' | 'quality'> = {
  signals: {
    sampleRate: RATE,
    eda: series(() => 5),
    tonic: series((t) => 5 + t / 60),
    phasic: series((t) => (t === 13.5 ? 0.4 : t === 16.5 ? 0.7 : 0)),
    driver: series(() => 0.1),
    residual: series(() => 0),
  },
  events: [at(9, 0.9, 'slow rise'), at(12, 0.4), at(15, 0.7), at(40, 0.2)],
  quality: withSpans(N, [{ flaw: 'fast', start: 50 * RATE, end: 55 * RATE }]),
}
const event = (seconds: number, label = 'a', duration = 0) => ({ seconds, duration, label })

describe('a table of events', () => {
  it('is read with its durations and labels, as BIDS writes it or with any separator', () => {
    expect(readEvents('onset\tduration\ttrial_type\n1.5\t2\tgo\n4\t\tstop\n', 'events.tsv')).toEqual([
      event(1.5, 'go', 2),
      event(4, 'stop'),
    ])
    expect(readEvents('seconds\n3\n7\n', 'e.csv')).toEqual([event(3, '1'), event(7, '2')])
  })

  it('without a column of onsets, or with one that is no number, is refused', () => {
    expect(() => readEvents('when,what\n1,a\n', 'e.csv')).toThrow(
      'e.csv:1: no column of onsets; name one of when, what',
    )
    expect(() => readEvents('onset\nsoon\n', 'e.csv')).toThrow(/e.csv:2/)
  })

  it.each([
    ['onset,label\n', 'e.csv: no event below its header'],
    [
      'onset,label\n3,a\n1700000010,b\n',
      'e.csv:3: an onset of 1700000010 s is none of a recording; onsets are seconds',
    ],
    ['onset,duration\n3,-2\n', 'e.csv:2: an event cannot last -2 s'],
  ])('that no recording can have, %j, is refused', (text, message) => {
    expect(() => readEvents(text, 'e.csv')).toThrow(message)
  })
})

describe('what is to be said of events', () => {
  const recording = { eda: new Float64Array(N), sampleRate: RATE, source: 'a.csv' }
  const around = { from: -1, to: 9 }

  it('is how many have their onsets outside of the recording', () => {
    const events = [event(-0.5), event(0), event(59.75), event(60), event(400)]
    expect(eventNotes(recording, { ...around, events })).toEqual([
      '3 of 5 events have their onsets outside of the recording, which lasts 60 s; their rows are empty or lack a part',
    ])
    expect(eventNotes({ ...recording, markers: [event(3), event(70)] }, around)).toEqual([
      expect.stringMatching(/^1 of 2 events has its onset outside/),
    ])
    expect(eventNotes({ ...recording, markers: [event(70)] }, { ...around, events: [event(3)] })).toEqual([])
  })

  it('is that they may count from the first scan, unless they are those of the recording', () => {
    const late = { ...recording, sinceScan: -22.345, markers: [event(3)] }
    expect(eventNotes(late, around)).toEqual([])
    expect(eventNotes({ ...late, sinceScan: 0 }, { ...around, events: [event(3)] })).toEqual([])
    expect(eventNotes(late, { ...around, events: [event(3)] })).toEqual([
      expect.stringMatching(
        /those of an events\.tsv of BIDS count from the first scan, 22\.345 s later: .* give --epochs alone/,
      ),
    ])
  })
})

it('labels with whatever breaks a line are quoted in the tables', () => {
  const tables = epochFiles('a', analysis, [event(8, 'one\rtwo')], { from: -1, to: 9 })
  expect(Buffer.concat([...tables['a.epochs.csv']!]).toString()).toContain('\n"one\rtwo",8,')
})

describe('around an event', () => {
  const related = (seconds: number, from = -1, to = 9) => eventRelated(analysis, [event(seconds)], from, to)[0]

  it('stands the first response that begins behind it and counts, from the event on', () => {
    expect(related(8)).toEqual({
      Label: 'a',
      Event_Onset: 8,
      EDA_Left_Out: 0,
      EDA_Tonic_Baseline: expect.closeTo(5 + 7.375 / 60) as number,
      EDA_Peak_Amplitude: 0.7,
      EDA_SCR: 1,
      SCR_Peak_Amplitude: 0.4,
      SCR_Peak_Amplitude_Time: 5.5,
      SCR_RiseTime: 1.5,
      SCR_RecoveryTime: 2.5,
      SCR_Magnitude: 0.4,
    })
    expect(related(12)).toMatchObject({ SCR_Magnitude: 0.4 })
    expect(related(12.25)).toMatchObject({ SCR_Magnitude: 0.7 })
    expect(related(8, -1, 4)).toMatchObject({ SCR_Magnitude: 0 })
    expect(related(8, -1, 4.25)).toMatchObject({ SCR_Magnitude: 0.4 })
  })

  it('is a magnitude of 0 where there is no response, and none where some of the time was not seen', () => {
    expect(related(25)).toMatchObject({ EDA_SCR: 0, SCR_Magnitude: 0, SCR_Peak_Amplitude: NaN })
    expect(related(45)).toMatchObject({
      EDA_SCR: NaN,
      SCR_Magnitude: NaN,
      EDA_Left_Out: expect.closeTo(4 / 9) as number,
    })
    expect(related(55)).toMatchObject({ SCR_Magnitude: NaN, EDA_Left_Out: expect.closeTo(4 / 9) as number })
    expect(related(80)).toMatchObject({ SCR_Magnitude: NaN, EDA_Left_Out: 1, EDA_Peak_Amplitude: NaN })
    expect(related(38)).toMatchObject({ SCR_Magnitude: 0.2 })
  })
})

describe('during an interval', () => {
  it('are the features of what lies in it', () => {
    const [row, ...more] = intervalRelated(analysis, [event(10, 'b', 40), event(3)])
    expect(more).toEqual([])
    expect(row).toMatchObject({
      Label: 'b',
      Duration: 40,
      EDA_Left_Out: 0,
      SCR_Peaks_N: 3,
      SCR_Rate: 4.5,
      SCR_Peaks_Amplitude_Mean: expect.closeTo(1.3 / 3) as number,
      EDA_Tonic_Mean: expect.closeTo(5 + 29.875 / 60) as number,
      EDA_Tonic_Slope: expect.closeTo(1) as number,
      EDA_Driver_Area: expect.closeTo(4) as number,
      EDA_Tonic_SD: expect.closeTo(40 / 60 / Math.sqrt(12), 3) as number,
    })
    const [partly] = intervalRelated(analysis, [event(45, 'c', 15)])
    expect(partly).toMatchObject({
      EDA_Left_Out: expect.closeTo(1 / 3) as number,
      EDA_Driver_Area: expect.closeTo(1) as number,
    })
  })
})

describe('the files', () => {
  const text = (pieces: Pieces | undefined) =>
    Buffer.concat([...pieces!])
      .toString()
      .trim()
      .split('\n')

  it('are of the events that are given, or of the markers of the recording, labels quoted', () => {
    const markers = [event(8, 'loud, long', 4)]
    const files = epochFiles('x', analysis, markers, { from: -1, to: 9 })
    expect(Object.keys(files)).toEqual(['x.epochs.csv', 'x.intervals.csv'])
    expect(text(files['x.epochs.csv'])[1]).toMatch(/^"loud, long",8,0,5\.12\d*,0\.7,1,0\.4,5\.5,1\.5,2\.5,0\.4$/)
    const given = epochFiles('x', analysis, markers, { from: -1, to: 9, events: [event(25)] })
    expect(Object.keys(given)).toEqual(['x.epochs.csv'])
    expect(text(given['x.epochs.csv'])[1]).toMatch(/^a,25,.*,0,,,,,0$/)
    expect(epochFiles('x', analysis, [], { from: -1, to: 9 })).toEqual({})
  })
})
