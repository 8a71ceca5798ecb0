import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'
import {
  type Fold,
  type FoldPlan,
  findFold,
  makeFolds,
  parseFoldScheme,
  sharesNoSubject,
} from '../../src/evaluation/folds.ts'

const random = new Random(11)
/** 23 listeners with 5 to 40 trials each, of 60 songs. */
const trials = Array.from({ length: 23 }, (_, s) =>
  Array.from({ length: 5 + random.integer(36) }, (_, t) => ({
    id: `s${s}_${t}`,
    subject: `s${s}`,
    stimulus: `song${random.integer(60)}`,
    columns: { fold: String(s % 12), block: t % 2 ? 'odd' : 'even', note: t ? 'x' : '' },
  })),
).flat()

const plan = (scheme: string, seed = 1, validationShare?: number): FoldPlan =>
  makeFolds(trials, parseFoldScheme(scheme), { seed, ...(validationShare !== undefined && { validationShare }) })

const SCHEMES = [
  ...['subject:10', 'subject:2', 'subject:loo', 'column:fold', 'stimulus', 'stimulus:5', 'random:10'],
  ...['within-subject:2', 'within-subject:10'],
]

describe.each(SCHEMES)('%s', (scheme) => {
  it('tests every trial once and uses every trial in every fold', () => {
    const { folds } = plan(scheme)
    const tested = folds.flatMap((fold) => fold.test)
    expect(tested.sort((a, b) => a - b)).toEqual([...trials.keys()])
    for (const fold of folds) {
      const all = [...fold.train, ...fold.validation, ...fold.test].sort((a, b) => a - b)
      expect(all).toEqual([...trials.keys()])
      expect(fold.validation.length).toBeGreaterThanOrEqual(0.15 * (trials.length - fold.test.length))
      expect(fold.train.length).toBeGreaterThan(fold.validation.length)
    }
  })

  it('is the same for the same seed', () => {
    expect(plan(scheme)).toEqual(plan(scheme))
    expect(plan(scheme, 2)).not.toEqual(plan(scheme))
  })
})

const subjectsOf = (part: number[]): Set<string> => new Set(part.map((i) => trials[i]!.subject))
const overlap = (a: number[], b: number[]): string[] =>
  [...subjectsOf(a)].filter((subject) => subjectsOf(b).has(subject))

describe.each(['subject:10', 'subject:loo', 'column:fold'])('%s', (scheme) => {
  it('has no subject in two parts', () => {
    const { folds, subjectIndependent } = plan(scheme)
    expect(subjectIndependent).toBe(true)
    for (const fold of folds) {
      expect(overlap(fold.test, [...fold.train, ...fold.validation])).toEqual([])
      expect(overlap(fold.train, fold.validation)).toEqual([])
    }
  })
})

describe('folds', () => {
  it('are not independent of the subject as soon as one of them is not', () => {
    const at = (subject: string, fold: string, i: number) => ({
      id: `t${i}`,
      subject,
      stimulus: `s${i}`,
      columns: { fold },
    })
    const split = [
      at('anna', 'a', 0),
      at('anna', 'b', 1),
      at('ben', 'a', 2),
      at('cleo', 'b', 3),
      at('dora', 'c', 4),
      at('emil', 'c', 5),
    ]
    const options = { seed: 1, validationShare: 0 }
    expect(makeFolds(split, { kind: 'column', name: 'fold' }, options).subjectIndependent).toBe(false)
    const whole = split.map((trial) => (trial.subject === 'anna' ? { ...trial, columns: { fold: 'a' } } : trial))
    expect(makeFolds(whole, { kind: 'column', name: 'fold' }, options).subjectIndependent).toBe(true)
  })

  it('are balanced by trial count', () => {
    const sizes = plan('subject:5').folds.map((fold) => fold.test.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(0.15 * (trials.length / 5))
  })

  it('are balanced by the largest people first', () => {
    const people = [...new Array<string>(8).fill('much'), ...Array.from({ length: 8 }, (_, i) => `once${i}`)]
    const uneven = people.map((subject, i) => ({ id: `t${i}`, subject, stimulus: 'x', columns: {} }))
    for (let seed = 0; seed < 5; seed++) {
      const { folds } = makeFolds(uneven, { kind: 'subject', count: 2 }, { seed, validationShare: 0 })
      expect(folds.map(({ test }) => test.length)).toEqual([8, 8])
    }
  })

  it('do not depend on the order of the trials', () => {
    const ids = (of: typeof trials): string[][] =>
      makeFolds(of, { kind: 'subject', count: 5 }, { seed: 4 }).folds.map((fold) =>
        fold.test.map((i) => of[i]!.id).sort(),
      )
    expect(ids([...trials].reverse())).toEqual(ids(trials))
  })

  it('tell which splits share subjects', () => {
    expect(plan('random:10').subjectIndependent).toBe(false)
    expect(plan('stimulus').subjectIndependent).toBe(false)
    expect(plan('column:block').subjectIndependent).toBe(false)
    const fold: Fold = { index: 0, name: '0', train: [1], validation: [], test: [0] }
    expect(sharesNoSubject([{ subject: 'a' }, { subject: 'b' }], fold)).toBe(true)
    expect(sharesNoSubject([{ subject: 'a' }, { subject: 'a' }], fold)).toBe(false)
    expect(sharesNoSubject([{ subject: 'a' }, { subject: 'a' }], { ...fold, train: [], validation: [1] })).toBe(false)
  })

  it('within subjects have as many of each person’s trials as of any other’s, and train on everybody', () => {
    const { folds } = plan('within-subject:5')
    const shareOf = (part: number[], subject: string): number =>
      part.filter((i) => trials[i]!.subject === subject).length
    for (const subject of subjectsOf([...trials.keys()])) {
      const own = shareOf([...trials.keys()], subject)
      for (const { train, validation, test } of folds) {
        expect([Math.floor(own / 5), Math.ceil(own / 5)]).toContain(shareOf(test, subject))
        expect(shareOf(train, subject)).toBeGreaterThan(0)
        const left = own - shareOf(test, subject)
        expect(Math.abs(shareOf(validation, subject) - 0.15 * left)).toBeLessThanOrEqual(1)
      }
    }
    const sizes = folds.map(({ test }) => test.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  })

  it('within subjects do not depend on the order of the trials', () => {
    const ids = (of: typeof trials): string[][][] =>
      makeFolds(of, { kind: 'within-subject', count: 3 }, { seed: 4 }).folds.map(({ test, validation }) =>
        [test, validation].map((part) => part.map((i) => of[i]!.id).sort()),
      )
    expect(ids([...trials].reverse())).toEqual(ids(trials))
  })

  it('by stimulus keep a song on one side', () => {
    const songs = (part: number[]): Set<string> => new Set(part.map((i) => trials[i]!.stimulus))
    for (const fold of plan('stimulus').folds) {
      const rest = songs([...fold.train, ...fold.validation])
      expect([...songs(fold.test)].filter((song) => rest.has(song))).toEqual([])
    }
  })

  it('are named by subject, value or number, in order', () => {
    expect(plan('column:fold').folds.map((fold) => fold.name)).toEqual([...Array(12).keys()].map(String))
    expect(plan('subject:loo').folds[3]?.name).toBe('s3')
    expect(findFold(plan('column:fold'), '11').index).toBe(11)
  })

  it('hold out no validation if told so', () => {
    expect(plan('subject:10', 1, 0).folds.every((fold) => fold.validation.length === 0)).toBe(true)
  })
})

describe('what is said of folds', () => {
  it.each([
    ['subject:10', 'subject:10', 'subject', true],
    ['subject:loo', 'subject:loo', 'subject', true],
    ['column:fold', 'column:fold', 'subject', true],
    ['column:block', 'column:block', 'subject', false],
    ['stimulus', 'stimulus:10', 'stimulus', false],
    ['stimulus:4', 'stimulus:4', 'stimulus', false],
    ['random:12', 'random:12', 'trial', false],
    ['within-subject:3', 'within-subject:3', 'trial', false],
  ])('%s', (text, scheme, unit, subjectIndependent) => {
    const { folds, ...said } = plan(text)
    expect(said).toEqual({ scheme, unit, subjectIndependent })
    expect(folds.map(({ index }) => index)).toEqual([...folds.keys()])
  })

  it.each(SCHEMES)('%s holds out whole units, and lists every part in the order of the trials', (scheme) => {
    const { folds, unit } = plan(scheme)
    const unitOf = (i: number): string => (unit === 'trial' ? String(i) : trials[i]![unit])
    for (const { train, validation, test } of folds) {
      for (const part of [train, validation, test]) expect(part).toEqual([...part].sort((a, b) => a - b))
      const held = new Set(validation.map(unitOf))
      expect(train.filter((i) => held.has(unitOf(i)))).toEqual([])
    }
  })

  it('more than ten are in the order of their numbers', () => {
    const names = [...Array(12).keys()].map(String)
    for (const scheme of ['subject:12', 'stimulus:12', 'random:12'])
      expect(plan(scheme).folds.map(({ name }) => name)).toEqual(names)
  })
})

describe('a validation part', () => {
  /** Twelve people of two trials each; tests are of three people. */
  const even = Array.from({ length: 24 }, (_, i) => ({
    id: `t${i}`,
    subject: `s${i >> 1}`,
    stimulus: 'x',
    columns: { fold: ` ${(i >> 1) % 4}${i % 2 ? ' ' : ''}` },
  }))
  const held = (validationShare?: number) =>
    makeFolds(
      even,
      { kind: 'subject', count: 4 },
      { seed: 5, ...(validationShare !== undefined && { validationShare }) },
    ).folds.map(({ validation }) => validation.length)

  it.each([
    // Of 18 trials; whole people, no more than reach the share.
    [undefined, 4],
    [0, 0],
    [0.001, 2],
    [2 / 18, 2],
    [2.1 / 18, 4],
    [4 / 18, 4],
    [0.5, 10],
    // Someone is left to train on.
    [0.99, 16],
  ])('of a share of %f has %i trials', (share, trialsHeld) => {
    expect(held(share)).toEqual([trialsHeld, trialsHeld, trialsHeld, trialsHeld])
  })

  it('is at least 15 % where no share is asked for', () => {
    // Of 20 people who are not tested, three are 15 %.
    const single = Array.from({ length: 40 }, (_, i) => ({ id: `t${i}`, subject: `s${i}`, stimulus: 'x', columns: {} }))
    const { folds } = makeFolds(single, { kind: 'subject', count: 2 }, { seed: 1 })
    expect(folds.map(({ validation }) => validation.length)).toEqual([3, 3])
  })

  it('is drawn for each fold', () => {
    // Who is held out, by their places among the people that are not tested.
    const places = makeFolds(even, { kind: 'subject-loo' }, { seed: 5 }).folds.map(({ train, validation }) => {
      const people = [...new Set([...train, ...validation].map((i) => i >> 1))].sort((a, b) => a - b)
      return [...new Set(validation.map((i) => people.indexOf(i >> 1)))].join()
    })
    expect(new Set(places).size).toBeGreaterThan(6)
  })

  it('and a test part do not mind blanks around the value of a column', () => {
    const { folds } = makeFolds(even, { kind: 'column', name: 'fold' }, { seed: 1 })
    expect(folds.map(({ name, test }) => [name, test.length])).toEqual([
      ['0', 6],
      ['1', 6],
      ['2', 6],
      ['3', 6],
    ])
  })
})

describe('bad folds', () => {
  it('names a fold with no subjects', () => {
    expect(() => findFold(plan('column:fold'), '12')).toThrow("fold '12' has no subjects; the folds are 0, 1, 2")
    expect(() => plan('subject:24')).toThrow(
      'folds subject:24: a fold would have no subjects, there are 23; use at most subject:23',
    )
    expect(() => plan('subject:24')).toThrow(UsageError)
  })

  it('wants subjects left to train and to validate on', () => {
    const two = [0, 1].map((s) => ({ id: `t${s}`, subject: `s${s}`, stimulus: 'x', columns: {} }))
    expect(() => makeFolds(two, { kind: 'subject', count: 2 }, { seed: 1 })).toThrow(
      /cannot be split into training and validation/,
    )
    expect(makeFolds(two, { kind: 'subject', count: 2 }, { seed: 1, validationShare: 0 }).folds.length).toBe(2)
    expect(() => makeFolds(two.slice(0, 1), { kind: 'subject-loo' }, { seed: 1 })).toThrow(/at least 2 are needed/)
  })

  it('names a column that is missing, has empty cells or one value', () => {
    expect(() => plan('column:nope')).toThrow(
      "folds column:nope: trials.csv has no column 'nope'; it has fold, block, note",
    )
    expect(() => plan('column:note')).toThrow('folds column:note: trial s0_0 has no value there')
    const same = trials.map((trial) => ({ ...trial, columns: { fold: '1' } }))
    expect(() => makeFolds(same, { kind: 'column', name: 'fold' }, { seed: 1 })).toThrow(/all trials have one value/)
  })

  it.each([
    ['subject', 'subjects'],
    ['stimulus', 'stimuli'],
    ['random', 'trials'],
  ] as const)('by %s say that there are too few %s', (kind, what) => {
    const three = [0, 1, 2].map((i) => ({ id: `t${i}`, subject: `s${i}`, stimulus: `x${i}`, columns: {} }))
    const split = (count: number) => () => makeFolds(three, { kind, count }, { seed: 1 })
    expect(split(3)().folds).toHaveLength(3)
    expect(split(4)).toThrow(`folds ${kind}:4: a fold would have no ${what}, there are 3; use at most ${kind}:3`)
  })

  it('names the first trial without a value, wherever it is', () => {
    const late = trials.map((trial, i) => ({ ...trial, columns: { fold: i === 30 ? '  ' : String(i % 3) } }))
    expect(() => makeFolds(late, { kind: 'column', name: 'fold' }, { seed: 1 })).toThrow(
      `folds column:fold: trial ${trials[30]!.id} has no value there`,
    )
  })

  it('says which fold has too few to hold out', () => {
    const two = ['ann', 'bob'].map((subject) => ({ id: subject, subject, stimulus: 'x', columns: {} }))
    expect(() => makeFolds(two, { kind: 'subject-loo' }, { seed: 1 })).toThrow(
      'fold ann: 1 training group cannot be split into training and validation',
    )
  })

  it('reads names of columns as they are', () => {
    expect(parseFoldScheme('column:a:b')).toEqual({ kind: 'column', name: 'a:b' })
    expect(parseFoldScheme('stimulus')).toEqual({ kind: 'stimulus', count: 10 })
    expect(parseFoldScheme('random:2')).toEqual({ kind: 'random', count: 2 })
  })

  it('rejects schemes it does not know', () => {
    for (const text of ['subject', 'subject:x', 'subject:2.5', 'random', 'column', 'column:', 'kfold:3', '']) {
      expect(() => parseFoldScheme(text), text).toThrow(/are unknown; use subject:N/)
    }
    for (const text of ['subject:1', 'subject:0', 'subject:']) {
      expect(() => parseFoldScheme(text), text).toThrow(/use at least 2/)
    }
  })
})
