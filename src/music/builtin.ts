// Music features without openSMILE: descriptors of short frames by meyda, and their functionals over the song. They are features of their
// own, not openSMILE's.
import Meyda, { type MeydaFeaturesObject } from 'meyda'
import type { Sound } from '../formats/wav.ts'
import { breather } from '../runtime/breather.ts'
import { FormatError } from '../runtime/errors.ts'
import { FUNCTIONALS, functionals } from './functionals.ts'
import { atRate, mixDown } from './mono.ts'

/** The name of this feature set. Another number is another set: whatever changes a value raises it. */
export const BUILTIN_SET = 'galvani-builtin-1'

/** Hz; all sounds are brought to it, since descriptors of a spectrum depend on its width. */
const SAMPLE_RATE = 22_050
/** Samples of a frame, 93 ms, and from one frame to the next. */
const [FRAME, HOP] = [2048, 1024]
const MFCCS = 13
const MEL_BANDS = 26
const SETTINGS = {
  sampleRate: SAMPLE_RATE,
  bufferSize: FRAME,
  melBands: MEL_BANDS,
  numberOfMFCCCoefficients: MFCCS,
  windowingFunction: 'hanning',
}
/** What meyda is asked for. */
const EXTRACTED = [
  'rms',
  'loudness',
  'zcr',
  'spectralCentroid',
  'spectralSpread',
  'spectralSkewness',
  'spectralFlatness',
  'spectralRolloff',
  'spectralCrest',
  'perceptualSpread',
  'mfcc',
  'chroma',
] as const
/** Root mean square below which a frame is silent, -80 dB of full scale; it has a level and nothing else. */
const SILENCE = 1e-4
/** Frames with sound that a song needs: a second and a half. */
const LEAST_FRAMES = 32

/** Of every frame. */
const LEVELS = ['rms', 'loudness'] as const
/** Of frames that are not silent. meyda has more; these are those whose formulas are sound. */
const SHAPES = [
  'zcr',
  'spectral_centroid',
  'spectral_spread',
  'spectral_skewness',
  'spectral_flatness',
  'spectral_rolloff',
  'spectral_crest',
  'perceptual_spread',
  ...Array.from({ length: MFCCS }, (_, k) => `mfcc_${k}`),
  ...['c', 'c_sharp', 'd', 'd_sharp', 'e', 'f', 'f_sharp', 'g', 'g_sharp', 'a', 'a_sharp', 'b'].map(
    (tone) => `chroma_${tone}`,
  ),
]

/** Names of the features, `descriptor_functional`, in the order of `builtinFeatures`. */
export const BUILTIN_NAMES: readonly string[] = [...LEVELS, ...SHAPES].flatMap((descriptor) =>
  FUNCTIONALS.map((functional) => `${descriptor}_${functional}`),
)

/**
 * The features of a song, [BUILTIN_NAMES.length]. The same samples give the same numbers.
 * @throws FormatError for a song with less than a second and a half of sound
 */
export async function builtinFeatures(sound: Sound, source: string, abort?: AbortSignal): Promise<Float32Array> {
  const samples = atRate(mixDown(sound), sound.sampleRate, SAMPLE_RATE)
  const breathe = breather(abort)
  const [levels, shapes] = [new Track(LEVELS.length), new Track(SHAPES.length)]
  for (let at = 0; at + FRAME <= samples.length; at += HOP) {
    const { level, shape } = describe(samples.slice(at, at + FRAME))
    const time = at / SAMPLE_RATE
    levels.push(time, level)
    if (level[0]! >= SILENCE) shapes.push(time, shape)
    await breathe()
  }
  if (shapes.length < LEAST_FRAMES) {
    const seconds = ((shapes.length * HOP) / SAMPLE_RATE).toFixed(1)
    throw new FormatError(`${source}: ${seconds} s of sound that is not silence are too few for its features (1.5 s)`)
  }
  return Float32Array.from([...levels.functionals(), ...shapes.functionals()])
}

function describe(frame: Float32Array): { level: number[]; shape: number[] } {
  // meyda keeps its settings in one object for all; others may have changed them.
  Object.assign(Meyda, SETTINGS)
  const found = Meyda.extract([...EXTRACTED], frame) as MeydaFeaturesObject
  return {
    level: [found.rms, found.loudness.total],
    shape: [
      found.zcr,
      found.spectralCentroid,
      found.spectralSpread,
      found.spectralSkewness,
      found.spectralFlatness,
      found.spectralRolloff,
      found.spectralCrest,
      found.perceptualSpread,
      ...found.mfcc,
      ...found.chroma,
    ],
  }
}

/** Descriptors as they go. */
class Track {
  readonly #times: number[] = []
  readonly #values: number[][]

  constructor(descriptors: number) {
    this.#values = Array.from({ length: descriptors }, () => [])
  }

  get length(): number {
    return this.#times.length
  }

  push(time: number, values: readonly number[]): void {
    this.#times.push(time)
    this.#values.forEach((course, d) => course.push(values[d]!))
  }

  functionals(): number[] {
    const times = Float64Array.from(this.#times)
    return this.#values.flatMap((course) => functionals(Float64Array.from(course), times))
  }
}
