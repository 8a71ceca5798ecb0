// Which trials a run uses, their labels, and what tells one task from another.
import { describe, expect, it } from 'vitest'
import { presets } from '../../src/model/config.ts'
import { FormatError } from '../../src/runtime/errors.ts'
import type { RunConfig } from '../../src/train/config.ts'
import { Random } from '../../src/runtime/random.ts'
import { taskDigest, labelReadable, makeTask, readableTrials, splitTrials } from '../../src/train/task.ts'
import { inputsOf } from '../../src/train/inputs.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { quadrantLabels, threeLevelLabels, twoMeansLabels } from '../study_reference/labels.ts'
import { controlLabels, shareOf, stratifiedPeople, withinSubjectTests } from '../study_reference/task.ts'

const LENGTH = 2500
const DIM = 2

const config = (musicDim: number): RunConfig => ({
  dimension: 'arousal',
  labels: 'median',
  folds: 'subject:3',
  validation: 0.15,
  seed: 3,
  signals: ['origin', 'phasic', 'tonic'],
  drop: 3,
  model: { ...presets.paper, music_dim: musicDim },
  init: 'he',
  optimizer: { name: 'adam', weightDecay: 0 },
  learningRate: 0.001,
  decay: 0.9,
  decayEpochs: 15,
  epochs: 1,
  batch: 4,
  patience: 1,
})

/** Four people with arousal 1 to 6; the two highest-rated songs of each have no music. */
function study(change: (set: PreparedSet) => void = () => undefined): PreparedSet {
  const trials = Array.from({ length: 24 }, (_, i) => ({
    id: `t${i}`,
    subject: `s${Math.floor(i / 6)}`,
    stimulus: `song${i % 6}`,
    sampleRate: 4,
    unit: 'uS',
    columns: {},
    source: `trials.csv:${i + 2}`,
    ratings: { valence: 3, arousal: 1 + (i % 6) },
    ...(i % 6 < 4 && { music: Float32Array.of(i, 1) }),
    signals: new Float32Array(3 * LENGTH).fill(i),
    status: 'solved' as const,
    filled: 0,
    constant: [],
  }))
  const set = { name: 'lab', synthetic: false, trials, musicDim: DIM, skipped: [], length: LENGTH, dropSeconds: 3 }
  change(set)
  return set
}

describe('labels', () => {
  const labelsOf = (musicDim: number): Map<string, number> => {
    const { trials, labels } = labelReadable(study(), config(musicDim))
    return new Map(trials.map(({ id }, i) => [id, labels[i]!]))
  }

  it('do not depend on whether the model hears music', () => {
    const [all, heard] = [labelsOf(0), labelsOf(DIM)]
    expect([all.size, heard.size]).toEqual([24, 16])
    for (const [id, label] of heard) expect(label, id).toBe(all.get(id))
    // The median of 1 to 6 is 3.5; of the heard ratings alone, 1 to 4, it would be 2.5 and t2 be high.
    expect([heard.get('t2'), heard.get('t3')]).toEqual([0, 1])
  })

  it('of one class alone are refused', () => {
    const one = (labels: string) => () => makeTask(study(), { ...config(DIM), labels })
    expect(one('fixed:99')).toThrow(
      'lab: every arousal label is low by --labels fixed:99, which leaves nothing to learn',
    )
    expect(one('fixed:0')).toThrow('every arousal label is high')
  })

  it('of trials without music are reported as left out', () => {
    const { set } = makeTask(study(), config(DIM))
    expect(set.skipped).toHaveLength(8)
    expect(set.skipped[0]).toEqual({ source: 'trial t4', reason: "stimulus 'song4' has no row in music.csv" })
  })

  it('need some trial that the model can read', () => {
    const silent = study(({ trials }) => trials.forEach((trial) => delete trial.music))
    expect(() => labelReadable(silent, config(DIM))).toThrow(FormatError)
    expect(() => labelReadable(silent, config(DIM))).toThrow(
      /none of 24 trials has any; the first: stimulus 'song0' has no row/,
    )
    expect(() => labelReadable(study(), config(5))).toThrow('lab has music vectors of length 2, the model reads 5')
  })
})

describe('music', () => {
  const all = study()
    .trials.filter(({ music }) => music)
    .map((trial, i) => ({ ...trial, music: Float32Array.of(i ** 2, i < 12 ? 0.1 : 7) }))
  const scaled = (count: number) => inputsOf({ ...study(), trials: all }, config(DIM), [...Array(count).keys()])

  it('is scaled by the training trials', () => {
    const inputs = scaled(4)
    // 0, 1, 4, 9: mean 3.5, variance 12.25 + 6.25 + 0.25 + 30.25 over 4.
    expect([inputs.scaling?.mean[0], inputs.scaling?.deviation[0]]).toEqual([3.5, 3.5])
    expect([...inputs.music([0, 5, 3])!]).toEqual([-1, 0, Math.fround(21.5 / 3.5), 0, Math.fround(5.5 / 3.5), 0])
  })

  it('that is the same in all of them is left out, however many there are, and whatever it is elsewhere', () => {
    for (let count = 1; count <= 12; count++) {
      const inputs = scaled(count)
      expect([inputs.scaling?.mean[1], inputs.scaling?.deviation[1]], String(count)).toEqual([Math.fround(0.1), 0])
      expect(inputs.music([14])?.[1], String(count)).toBe(0)
    }
  })
})

describe('the digest of a task', () => {
  const digestOf = (change?: (set: PreparedSet) => void, settings = config(DIM)): Promise<string> =>
    taskDigest(makeTask(study(change), settings))
  const first = ({ trials }: PreparedSet) => trials[0]!

  it('is the same for the same data, whatever the device made of phasic and tonic', async () => {
    expect(await digestOf((set) => (first(set).signals[LENGTH] = 99))).toBe(await digestOf())
  })

  it('differs with a recording, music, a label, a name or the folds', async () => {
    const digests = await Promise.all([
      digestOf(),
      digestOf((set) => (first(set).signals[7] = 99)),
      digestOf((set) => (first(set).music = Float32Array.of(8, 8))),
      digestOf((set) => (first(set).ratings = { valence: 3, arousal: 6 })),
      digestOf((set) => (first(set).id = 'other')),
      digestOf(undefined, { ...config(DIM), seed: 4 }),
      digestOf(undefined, config(0)),
    ])
    expect(new Set(digests).size).toBe(digests.length)
  })
})

describe('of two listenings', () => {
  const twice = (set: PreparedSet): void =>
    void (set.trials = set.trials.flatMap((trial) => [
      { ...trial, id: `${trial.id}A`, pass: 'arousal' as const },
      // The same people and songs, and other ratings.
      { ...trial, id: `${trial.id}V`, pass: 'valence' as const, ratings: { valence: 1, arousal: 9 } },
    ]))

  it('a model reads those of its own dimension, and labels them by their ratings alone', () => {
    const { set, labelled } = makeTask(study(twice), config(0))
    expect(set.trials.map(({ id }) => id)).toEqual(study().trials.map(({ id }) => `${id}A`))
    expect(labelled.skipped).toEqual([])
    expect([...labelled.labels]).toEqual([...labelReadable(study(), config(0)).labels])
    const { trials } = readableTrials(study(twice), { ...config(0), dimension: 'valence' })
    expect(trials.map(({ id }) => id)).toEqual(study().trials.map(({ id }) => `${id}V`))
  })

  it('the other one alone is refused', () => {
    const other = study((set) => {
      twice(set)
      set.trials = set.trials.filter(({ pass }) => pass === 'valence')
    })
    const says = 'lab: all 24 trials are of the valence pass, and a model of arousal reads the arousal pass'
    expect(() => makeTask(other, config(0))).toThrow(says)
    expect(() => readableTrials(other, config(0))).toThrow(says)
  })
})

describe('what is asked of a study', () => {
  const whole = () => study(({ trials }) => trials.forEach((trial) => (trial.music = Float32Array.of(1, 1))))
  const taskOf = (change: Partial<RunConfig>) => makeTask(whole(), { ...config(0), ...change })
  const partsOf = ({ set, plan }: ReturnType<typeof taskOf>) =>
    plan.folds.map(({ train, validation, test }) =>
      [train, validation, test].map((part) => part.map((i) => set.trials[i]!.id)),
    )
  const settings: Partial<RunConfig> = { share: 0.75, control: true, stratify: true, foldSeed: 9 }

  it('is the same for every seed where the folds have one of their own', () => {
    const [one, other] = [taskOf({ ...settings, seed: 1 }), taskOf({ ...settings, seed: 2 })]
    expect(partsOf(other)).toEqual(partsOf(one))
    expect([...other.labelled.labels]).toEqual([...one.labelled.labels])
    expect(partsOf(taskOf({ ...settings, foldSeed: 10 }))).not.toEqual(partsOf(one))
    // Without one the seed of the run is theirs.
    expect(partsOf(taskOf({ seed: 9 }))).toEqual(partsOf(taskOf({ foldSeed: 9 })))
    expect(partsOf(taskOf({ seed: 10 }))).not.toEqual(partsOf(taskOf({ seed: 9 })))
  })

  it('may be a share of the people, who are named and have the labels that they have among all', () => {
    const { set, labelled } = taskOf({ share: 0.75 })
    const people = [...new Set(set.trials.map(({ subject }) => subject))]
    expect(people).toHaveLength(3)
    expect(set.notes).toEqual([
      `3 of 4 subjects were used (--share 0.75, drawn by the folds' seed 3): ${people.join(', ')}.`,
    ])
    const all = taskOf({}).labelled
    const labelOf = new Map(all.trials.map(({ id }, i) => [id, all.labels[i]]))
    expect([...labelled.labels]).toEqual(labelled.trials.map(({ id }) => labelOf.get(id)))
    expect(taskOf({}).set).not.toHaveProperty('notes')
  })

  it('may be a control: other labels, as many of each class of each person, and said so', () => {
    const [{ labelled: plain }, { labelled: control }] = [taskOf({}), taskOf({ control: true })]
    expect(control.scheme).toBe('median (control)')
    expect([...control.labels]).not.toEqual([...plain.labels])
    for (let person = 0; person < 4; person++)
      expect(control.labels.slice(6 * person, 6 * person + 6).filter(Boolean)).toHaveLength(3)
  })

  it('is told apart by a digest of its own', async () => {
    const changes = [{}, { control: true as const }, { share: 0.75 }, { folds: 'within-subject:3' }]
    const digests = await Promise.all(changes.map((change) => taskDigest(taskOf(change))))
    expect(new Set(digests).size).toBe(4)
  })

  it('may be four classes or three, which the model has as outputs', () => {
    const model = (classes: number) => ({ ...config(0).model, classes })
    const three = taskOf({ levels: 3, labels: 'per-dimension', model: model(3) })
    expect([...three.labelled.labels.slice(0, 6)]).toEqual([0, 0, 1, 1, 2, 2])
    const rated = study(({ trials }) => trials.forEach((trial, i) => (trial.ratings!.valence = i % 2)))
    const four = makeTask(rated, { ...config(0), dimension: 'quadrant', model: model(4) })
    expect([...four.labelled.labels.slice(0, 6)]).toEqual([0, 1, 0, 3, 2, 3])
    expect(() => taskOf({ dimension: 'quadrant' })).toThrow(
      'model setting classes is 2, expected 4: LALV; LAHV; HALV; HAHV',
    )
  })

  it('is one listening’s alone, where there were two', () => {
    const twice = study(({ trials }) => trials.forEach((trial, i) => (trial.pass = i % 2 ? 'arousal' : 'valence')))
    const quadrants = { ...config(0), dimension: 'quadrant' as const, model: { ...config(0).model, classes: 4 } }
    expect(() => makeTask(twice, quadrants)).toThrow(
      'lab: each song was heard once for arousal and once for valence, and quadrant belongs to neither of the two',
    )
  })
})

describe('against loops that import nothing of it', () => {
  /** Eight people of seven trials with ratings of any size. */
  const random = new Random(12)
  const trials = Array.from({ length: 56 }, (_, i) => ({
    ...study().trials[0]!,
    ...{ id: `t${i}`, subject: `s${i % 8}`, stimulus: `song${i % 5}` },
    ratings: { valence: 9 * random.uniform(), arousal: 9 * random.uniform() },
  }))
  const set = { ...study(), trials }
  const splitOf = (change: Partial<RunConfig>) =>
    splitTrials(set, { ...config(0), labels: 'two-means', folds: 'subject:4', ...change })
  const labelsOf = (change: Partial<RunConfig>): Map<string, number> => {
    const { trials: own, labels } = splitOf(change).labelled
    return new Map(own.map(({ id }, i) => [id, labels[i]!]))
  }
  const labelled = (change: Partial<RunConfig> = {}) => {
    const labels = labelsOf(change)
    return trials.map(({ id, subject }) => ({ id, subject, label: labels.get(id)! }))
  }

  it('labels are the same in two, three and four classes', () => {
    expect(labelsOf({})).toEqual(twoMeansLabels(trials, 'arousal'))
    expect(labelsOf({ dimension: 'quadrant' })).toEqual(quadrantLabels(trials))
    for (const dimension of ['arousal', 'valence'] as const)
      expect(labelsOf({ dimension, levels: 3, labels: 'per-dimension' })).toEqual(threeLevelLabels(trials, dimension))
  })

  it('a control and a share are the same', () => {
    expect(labelsOf({ control: true, foldSeed: 5 })).toEqual(controlLabels(labelled(), 5))
    for (const share of [0.5, 0.7, 1]) {
      const people = new Set(splitOf({ share, foldSeed: 6 }).labelled.trials.map(({ subject }) => subject))
      expect(people).toEqual(new Set(shareOf(labelled(), share, 6)))
    }
  })

  it('folds within people and held-out people are the same', () => {
    const idsOf = (part: readonly number[]): string[] => part.map((i) => trials[i]!.id)
    const within = splitOf({ folds: 'within-subject:3', seed: 7 }).plan.folds
    for (const [i, test] of withinSubjectTests(labelled(), 3, 7).entries())
      expect(new Set(idsOf(within[i]!.test))).toEqual(new Set(test))
    for (const { index, test, validation } of splitOf({ stratify: true, seed: 8, validation: 0.3 }).plan.folds) {
      const rest = labelled().filter(({ id }) => !idsOf(test).includes(id))
      const held = stratifiedPeople(rest, 0.3, new Random(8, 0x02000000 + index))
      expect([...new Set(validation.map((i) => trials[i]!.subject))].sort()).toEqual(held)
    }
  })
})
