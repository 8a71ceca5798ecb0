// A made-up study in the open trial-table form, from one hidden truth and a seed.
import { formatCsv } from '../formats/csv.ts'
import { UsageError } from '../runtime/errors.ts'
import { Random } from '../runtime/random.ts'
import {
  biasOf,
  type Feeling,
  feelings,
  makeTrace,
  rate,
  requireEffect,
  requireSeed,
  type TraceSettings,
  usualFeeling,
  WORLD,
} from './hidden_truth.ts'
import type { Dimension } from './trial.ts'

/** Settings of a made-up study. */
export interface SyntheticStudy {
  subjects: number
  /** Default 12, even. */
  trialsPerSubject?: number
  /** Default 24, at least as many as trials per subject. */
  stimuli?: number
  /** From 0 (nothing tells the labels) to 1 (strong). */
  effect: number
  seed: number
  /** Hz; default 4, a wrist band's. */
  sampleRate?: number
  /** Mean length of a trial; default 40 s. A stimulus is up to a fifth shorter or longer. */
  seconds?: number
  /** Length of the music vector; default 16. */
  musicDim?: number
  /**
   * How much a listener differs from the others in ways that tell nothing of what was felt, 0 (default) to 1: in the middle of the
   * ratings, and in a slow course that every trace takes. Ratings above a threshold that is the same for all then tell who somebody is, and the
   * skin tells it too.
   */
  individuality?: number
}

/** Files of a made-up study. */
export type StudyFile = 'trials.csv' | 'eda.csv' | 'music.csv' | 'README.md'

/** Hz, of a wrist band. */
const WRIST_RATE = 4
/** How strongly a stimulus decides the arousal and the valence of those who hear it, at effect 1. */
const STIMULUS_AROUSAL = 0.8
const STIMULUS_VALENCE = 3
/** How far a person's ratings lie from their usual middle, at individuality 1: further than high and low ones of one person. */
const OWN_MIDDLE = 3
/** Size of a person's own course of the tonic level at individuality 1, in sizes of a response. */
const OWN_COURSE = 3
/** Streams of random numbers from here on are for what is people's own, those below for all else. */
const MANNERS = 0x10000

interface Stimulus {
  id: string
  seconds: number
  /** Its usual arousal and valence, +1 or -1. */
  arousal: number
  valence: number
  music: number[]
}

interface HiddenTrial {
  id: string
  subject: string
  order: number
  stimulus: Stimulus
  /** +1 or -1: what the person felt. */
  arousal: number
  valence: number
  ratings: { valence: number; arousal: number }
  eda: Float64Array
}

/**
 * Makes a study: its files by name.
 *
 * The truth. Each stimulus usually arouses or calms, pleases or displeases; a listener follows that loosely for
 * arousal, closely for valence. What the listener felt gives the rating, two steps above or below the listener's own
 * middle (a bias that differs between listeners), and the skin conductance: a drifting tonic level, responses of
 * Bateman shape, and noise. Arousal multiplies the *rate* of the responses and lifts the drift; valence shifts the larger responses
 * towards the end. These change the shape of the trace, so they survive a z-score. The music vector is a random
 * projection of the stimulus's usual arousal and valence, with noise and one constant feature. `effect` scales every
 * one of these ties; at 0 the ratings are coin tosses that depend on nothing in the files, but for `individuality`.
 * A few trials have a gap of half a second.
 * @throws UsageError for settings that make no study
 */
export function makeTrialTable(study: SyntheticStudy): Record<StudyFile, string> {
  const full = {
    trialsPerSubject: 12,
    stimuli: 24,
    sampleRate: WRIST_RATE,
    seconds: 40,
    musicDim: 16,
    individuality: 0,
    ...study,
  }
  requireSensible(full)
  const stimuli = makeStimuli(full)
  const trials = Array.from({ length: full.subjects }, (_, index) => makeSubject(full, stimuli, index)).flat()
  const music = stimuli.map(({ id, music: features }) => [id, ...features.map((value) => value.toFixed(5))])
  return {
    'trials.csv': formatCsv(
      [
        'trial',
        'subject',
        'order',
        'stimulus',
        'valence',
        'arousal',
        'valence_high',
        'arousal_high',
        'sample_rate_hz',
        'duration_s',
        'n_samples',
        'synthetic',
      ],
      trials.map((t) => [
        t.id,
        t.subject,
        t.order,
        t.stimulus.id,
        t.ratings.valence,
        t.ratings.arousal,
        t.valence > 0 ? 1 : 0,
        t.arousal > 0 ? 1 : 0,
        full.sampleRate,
        t.stimulus.seconds,
        t.eda.length,
        1,
      ]),
    ),
    'eda.csv': formatCsv(
      ['trial', 'i', 'eda_us'],
      trials.flatMap(({ id, eda }) =>
        Array.from(eda, (value, i) => [id, i, Number.isNaN(value) ? '' : value.toFixed(5)]),
      ),
    ),
    'music.csv': formatCsv(['stimulus', ...Array.from({ length: full.musicDim }, (_, i) => `feature_${i}`)], music),
    'README.md': readme(full),
  }
}

/** Settings of a made-up recording. */
export interface SyntheticRecording {
  seed: number
  /** Default 120 s. */
  seconds?: number
}

/**
 * Makes one recording at a wrist band's 4 Hz, as CSV: a tonic level that drifts, a response of Bateman shape every 10 s or so, and
 * noise. @throws UsageError for settings that make no recording
 */
export function makeRecording({ seed, seconds = 120 }: SyntheticRecording): string {
  requireSeed(seed)
  if (!(seconds >= 10)) throw new UsageError(`a recording of ${seconds} s: expected at least 10`)
  const random = new Random(seed)
  const settings = { level: 1 + 6 * random.uniform(), amplitude: 0.4, arousal: 0, valence: 0 }
  const eda = makeTraceWithGap(
    { samples: Math.round(seconds * WRIST_RATE), sampleRate: WRIST_RATE, ...settings },
    random,
  )
  return formatCsv(
    ['time_s', 'eda_us'],
    Array.from(eda, (value, i) => [i / WRIST_RATE, Number.isNaN(value) ? '' : value.toFixed(5)]),
  )
}

type Study = Required<SyntheticStudy>

function requireSensible(study: Study): void {
  const { subjects, trialsPerSubject, stimuli, effect, seed, sampleRate, seconds, musicDim, individuality } = study
  const whole = (name: string, value: number, least: number): void => {
    if (!Number.isInteger(value) || value < least) {
      throw new UsageError(`${name} ${value}: expected a whole number of at least ${least}`)
    }
  }
  whole('subjects', subjects, 2)
  whole('trials per subject', trialsPerSubject, 4)
  whole('stimuli', stimuli, trialsPerSubject)
  whole('music features', musicDim, 2)
  if (trialsPerSubject % 2 || stimuli % 2) {
    throw new UsageError(
      `${trialsPerSubject} trials per subject of ${stimuli} stimuli: both must be even, half are pleasant`,
    )
  }
  requireEffect(effect)
  requireEffect(individuality, 'individuality')
  requireSeed(seed)
  if (!(sampleRate >= 1)) throw new UsageError(`sample rate ${sampleRate} Hz: expected at least 1`)
  if (!(seconds >= 10)) throw new UsageError(`trials of ${seconds} s: expected at least 10`)
}

function makeStimuli({ stimuli, seconds, musicDim, effect, seed }: Study): Stimulus[] {
  const random = new Random(seed, 0)
  const world = new Random(WORLD)
  const projection = Array.from({ length: musicDim - 1 }, () => [world.normal(), world.normal()] as const)
  return Array.from({ length: stimuli }, (_, index) => {
    const { valence, arousal } = usualFeeling(index)
    const features = projection.map(([a, v]) => effect * (a * arousal + v * valence) + random.normal())
    return {
      id: `synthetic${seed}_song${pad(index)}`,
      seconds: Math.round(seconds * (0.8 + 0.4 * random.uniform())),
      arousal,
      valence,
      music: [...features, 1],
    }
  })
}

function makeSubject(study: Study, stimuli: Stimulus[], index: number): HiddenTrial[] {
  const { trialsPerSubject, effect, seed, sampleRate } = study
  const random = new Random(seed, index + 1)
  const subject = `synthetic${seed}_${pad(index)}`
  const heard = pick(stimuli, trialsPerSubject, random)
  const arousal = feelings(
    heard.map((stimulus) => effect * STIMULUS_AROUSAL * stimulus.arousal),
    random,
  )
  const valence = feelings(
    heard.map((stimulus) => effect * STIMULUS_VALENCE * stimulus.valence),
    random,
  )
  const own = mannerOf(study, index)
  const usual = biasOf(random)
  const bias = { arousal: usual.arousal + own.middle.arousal, valence: usual.valence + own.middle.valence }
  const level = 1 + 6 * random.uniform()
  const amplitude = 0.4 * Math.exp(0.4 * random.normal())
  return heard.map((stimulus, order) => {
    const felt = { arousal: arousal[order]!, valence: valence[order]! }
    const trace = makeTraceWithGap(
      {
        samples: Math.round(stimulus.seconds * sampleRate),
        sampleRate,
        level,
        amplitude,
        arousal: effect * felt.arousal,
        valence: effect * felt.valence,
      },
      random,
    )
    const eda =
      study.individuality > 0
        ? trace.map((x, i) => Math.max(0, x + amplitude * courseAt(own, i / trace.length)))
        : trace
    const tenths = (dimension: Dimension): number =>
      Math.round(10 * rate(bias[dimension], felt[dimension], random)) / 10
    const ratings = { valence: tenths('valence'), arousal: tenths('arousal') }
    return { id: `${subject}_${pad(order)}`, subject, order, stimulus, ...felt, ratings, eda }
  })
}

/** What is a person's own, the two independently of each other. */
interface Manner {
  /** How far this person's ratings lie from those of others. */
  middle: Feeling
  /** Weights of sines and cosines over a trial: a slow course that the tonic level takes every time, in sizes of a response. */
  course: { sine: number; cosine: number }[]
}

function mannerOf({ seed, individuality }: Study, index: number): Manner {
  const random = new Random(seed, MANNERS + index)
  const drawn = (size: number): number => individuality * size * random.normal()
  // Of every four people each combination of high and low ratings is one's.
  const { arousal, valence } = usualFeeling(index)
  const middle = { arousal: individuality * OWN_MIDDLE * arousal, valence: individuality * OWN_MIDDLE * valence }
  return { middle, course: Array.from({ length: 3 }, () => ({ sine: drawn(OWN_COURSE), cosine: drawn(OWN_COURSE) })) }
}

/** The course of a person at a share of a trial. */
const courseAt = ({ course }: Manner, share: number): number =>
  course.reduce((sum, { sine, cosine }, k) => {
    const angle = 2 * Math.PI * (k + 1) * share
    return sum + sine * Math.sin(angle) + cosine * Math.cos(angle)
  }, 0)

/** As many pleasant as unpleasant stimuli, in random order. */
function pick(stimuli: Stimulus[], count: number, random: Random): Stimulus[] {
  const half = (valence: number): Stimulus[] => {
    const pool = stimuli.filter((stimulus) => stimulus.valence === valence)
    return Array.from(random.permutation(pool.length).subarray(0, count / 2), (i) => pool[i]!)
  }
  const chosen = [...half(1), ...half(-1)]
  return Array.from(random.permutation(count), (i) => chosen[i]!)
}

/** A trace, in one of twenty of which half a second is missing. */
function makeTraceWithGap(settings: TraceSettings, random: Random): Float64Array {
  const { samples, sampleRate } = settings
  const eda = makeTrace(settings, random)
  if (random.uniform() < 0.05) {
    const start = random.integer(samples - sampleRate)
    eda.fill(NaN, start, start + Math.ceil(sampleRate / 2))
  }
  return eda
}

function readme(study: Study): string {
  return [
    '# SYNTHETIC study',
    '',
    'Generated by galvani. No person was recorded; results on these files say nothing about people.',
    '',
    ...Object.entries(study).map(([name, value]) => `- ${name}: ${value}`),
    '',
    'Effect 0: the labels depend on nothing in the files. Effect 1: arousal shows in the skin conductance, valence',
    'mostly in the music vector. `arousal_high` and `valence_high` are what the made-up listener felt.',
    '',
  ].join('\n')
}

const pad = (index: number): string => String(index).padStart(2, '0')
