// A made-up recording of which everything is known: when it responds and how strongly, where it moves, where it is off the skin.
import { formatCsv } from '../formats/csv.ts'
import type { Recording } from '../reading/recording.ts'
import { UsageError } from '../runtime/errors.ts'
import { Random } from '../runtime/random.ts'

/** What a made-up recording is like. */
export interface EdaSettings {
  /** Hz. */
  sampleRate: number
  seconds: number
  /** Mean seconds between two responses, Infinity for a person who does not respond. */
  interval: number
  /** µS, of the median response; the logarithm of the amplitudes has deviation 0.8. */
  amplitude: number
  /** µS, deviation of a sample from what the skin does. */
  noise: number
  /** µS, the sensor's least step; 0 for none. */
  step: number
  /** µS, about which the tonic level drifts. */
  level: number
  /** Movements an hour. */
  artefacts: number
  /** Times a day that the sensor leaves the skin. */
  offSkin: number
}

/** A response as it was made. */
export interface TrueResponse {
  /** Seconds. */
  onset: number
  /** µS, from the onset to the peak that it has by itself. */
  amplitude: number
}

/** A made-up recording and its truth. */
export interface MadeEda {
  recording: Recording
  /** In order. */
  responses: TrueResponse[]
}

const PLAIN: EdaSettings = {
  sampleRate: 4,
  seconds: 600,
  interval: 12,
  amplitude: 0.15,
  noise: 0.002,
  step: 0,
  level: 5,
  artefacts: 0,
  offSkin: 0,
}
const WRIST = { level: 1, noise: 0.0008, step: 0.00128 } as const

/** Recordings of every kind that a study meets; all but `wear` are of 10 minutes at 4 Hz unless told otherwise. */
export const EDA_KINDS = {
  clean: {},
  noisy: { noise: 0.008 },
  quantised: WRIST,
  coarse: { ...WRIST, step: 0.01 },
  artefacts: { artefacts: 12 },
  'off-wrist': { ...WRIST, offSkin: 288 },
  'non-responder': { ...WRIST, interval: Infinity },
  'noisy non-responder': { interval: Infinity, noise: 0.008 },
  wear: { ...WRIST, seconds: 86400, interval: 30, artefacts: 2, offSkin: 4 },
  dense: { interval: 5 },
} as const satisfies Record<string, Partial<EdaSettings>>

/** A kind of made-up recording. */
export type EdaKind = keyof typeof EDA_KINDS

/** Decay and rise of a response in seconds, and how much their logarithms deviate between responses. */
const DECAY = 2
const RISE = 0.7
const SHAPE_DEVIATION = 0.1
const AMPLITUDE_DEVIATION = 0.8
/** µS; nobody could tell smaller ones from noise, so none are made. */
const LEAST_AMPLITUDE = 0.01
/** Share of responses that are followed by another before they have faded, and after how many seconds. */
const PAIRED = 0.15
const PAIR_SECONDS = 2.5
const LONGEST_DECAYS = 14

/**
 * Makes a recording of a kind, with settings of its own where they are given. The tonic level drifts, responses have Bateman shapes that
 * differ a little, movements are spikes, bursts or lost contact, and a sensor off the skin writes almost nothing.
 * @throws UsageError for settings that make no recording
 */
export function makeEda(kind: EdaKind, seed: number, settings: Partial<EdaSettings> = {}): MadeEda {
  const all: EdaSettings = { ...PLAIN, ...EDA_KINDS[kind], ...settings }
  requireSensible(all)
  const random = new Random(seed, Object.keys(EDA_KINDS).indexOf(kind))
  const { sampleRate, seconds } = all
  const eda = tonicLevel(all, random)
  const off = times(all.offSkin / 86400, seconds, random).map((start) => ({
    start,
    end: start + seconds * (0.03 + 0.07 * random.uniform()),
  }))
  const onSkin = (t: number): boolean => off.every(({ start, end }) => t < start - 10 || t > end + 10)
  const responses = makeResponses(all, random).filter(({ onset }) => onSkin(onset))
  for (const response of responses) addResponse(eda, sampleRate, response, random)
  for (const start of times(all.artefacts / 3600, seconds, random))
    if (onSkin(start)) move(eda, sampleRate, start, random)
  for (const { start, end } of off) eda.fill(0, Math.round(start * sampleRate), Math.round(end * sampleRate))
  for (let i = 0; i < eda.length; i++) eda[i] = measured(eda[i]!, all, random)
  const wrist = all.offSkin > 0 ? { wrist: true } : {}
  return { recording: { eda, sampleRate, source: `${kind} ${seed}`, ...wrist }, responses }
}

/** A made-up recording as `synthetic.csv` (`time_s`, `eda_us`), and `truth.csv`: a row a response, `onset_s` and `amplitude_us`. */
export function edaFiles({
  recording: { eda, sampleRate },
  responses,
}: MadeEda): Record<'synthetic.csv' | 'truth.csv', string> {
  const times = Array.from(eda, (value, i) => [Number((i / sampleRate).toFixed(6)), value.toFixed(6)])
  const truth = responses.map(({ onset, amplitude }) => [onset.toFixed(3), amplitude.toFixed(4)])
  return {
    'synthetic.csv': formatCsv(['time_s', 'eda_us'], times),
    'truth.csv': formatCsv(['onset_s', 'amplitude_us'], truth),
  }
}

function requireSensible({ sampleRate, seconds, interval }: EdaSettings): void {
  if (!(sampleRate >= 1)) throw new UsageError(`sample rate ${sampleRate} Hz: expected at least 1`)
  if (!(seconds >= 10)) throw new UsageError(`a recording of ${seconds} s: expected at least 10`)
  if (!(interval >= 5)) throw new UsageError(`a response every ${interval} s: expected at least 5`)
}

/** Slow waves of a minute and a half to an hour. */
function tonicLevel({ sampleRate, seconds, level }: EdaSettings, random: Random): Float64Array {
  const waves = [90, 240, 900, 3600].map((period) => ({
    size: 0.06 * level * random.uniform(),
    frequency: (2 * Math.PI) / (period * (1 + random.uniform())),
    phase: 2 * Math.PI * random.uniform(),
  }))
  const middle = level * Math.exp(0.3 * random.normal())
  return Float64Array.from({ length: Math.round(seconds * sampleRate) }, (_, i) =>
    waves.reduce(
      (sum, { size, frequency, phase }) => sum + size * Math.sin((frequency * i) / sampleRate + phase),
      middle,
    ),
  )
}

/** Moments of a Poisson process of `rate` a second. */
function times(rate: number, seconds: number, random: Random): number[] {
  const found: number[] = []
  if (rate === 0) return found
  const wait = (): number => -Math.log(1 - random.uniform()) / rate
  for (let t = wait(); t < seconds; t += wait()) found.push(t)
  return found
}

/** A response needs 3 s to begin after another one, but for the pairs. */
function makeResponses({ seconds, interval, amplitude }: EdaSettings, random: Random): TrueResponse[] {
  const found: TrueResponse[] = []
  if (interval === Infinity) return found
  const draw = (): number => Math.max(LEAST_AMPLITUDE, amplitude * Math.exp(AMPLITUDE_DEVIATION * random.normal()))
  const next = (): number => 3 - (interval - 3) * Math.log(1 - random.uniform())
  for (let t = next(); t < seconds - 5; t += random.uniform() < PAIRED ? PAIR_SECONDS : next()) {
    found.push({ onset: t, amplitude: draw() })
  }
  return found
}

/** Adds one response: a Bateman function, scaled to its peak. */
function addResponse(eda: Float64Array, sampleRate: number, { onset, amplitude }: TrueResponse, random: Random): void {
  const decay = DECAY * Math.exp(SHAPE_DEVIATION * random.normal())
  const rise = RISE * Math.exp(SHAPE_DEVIATION * random.normal())
  const shape = (t: number): number => Math.exp(-t / decay) - Math.exp(-t / rise)
  const scale = amplitude / shape((Math.log(decay / rise) * decay * rise) / (decay - rise))
  const end = Math.min(eda.length, (onset + LONGEST_DECAYS * decay) * sampleRate)
  for (let i = Math.ceil(onset * sampleRate); i < end; i++) eda[i]! += scale * shape(i / sampleRate - onset)
}

/** A spike, a burst of shaking, or contact that is lost for some seconds. */
function move(eda: Float64Array, sampleRate: number, start: number, random: Random): void {
  const kind = random.integer(3)
  const size = 2 * Math.exp(random.normal())
  const seconds = kind === 0 ? 1.25 : 2 + 4 * random.uniform()
  const end = Math.min(eda.length, (start + seconds) * sampleRate)
  for (let i = Math.ceil(start * sampleRate); i < end; i++) {
    const t = i / sampleRate - start
    if (kind === 0) eda[i]! += size * Math.min(t / 0.3, (seconds - t) / (seconds - 0.3))
    else if (kind === 1) eda[i]! += size * (random.uniform() - 0.3)
    else eda[i]! *= 0.2
  }
}

/** What the sensor makes of a value. */
function measured(value: number, { noise, step }: EdaSettings, random: Random): number {
  const read = Math.max(0, value + noise * random.normal())
  return step === 0 ? read : Math.round(read / step) * step
}
