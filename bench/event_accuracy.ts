// How many of the responses of made-up recordings are found, and how many are found that are none: by the rule of today and, beside it,
// by the one of before, a tenth of the largest rise in the recording as it is.
import { largestOf } from '../src/signal/extremes.ts'
import { decompose } from '../src/cvxeda/decompose.ts'
import {
  EDA_KINDS,
  makeEda,
  type EdaKind,
  type EdaSettings,
  type MadeEda,
  type TrueResponse,
} from '../src/datasets/synthetic_eda.ts'
import { analyse, type AnalyseOptions } from '../src/recording/analyse.ts'
import { scrEvents, type ScrEvent } from '../src/recording/responses.ts'
import { GalvaniError } from '../src/runtime/errors.ts'
import { quantile } from '../src/signal/noise.ts'
import { zscore } from '../src/signal/normalize.ts'

/** µS; smaller responses are made too, but whether they are found is not counted. */
const LEAST_JUDGED = 0.03
/** Seconds between an onset and the true one that are told to be of one response. */
const NEAR = 1
const OLD_SHARE = 0.1
/** Seconds after which a response has left next to nothing for the next one to ride on: five times the usual decay of 2 s. */
const ALONE = 10

/** Recordings of one kind. */
export interface EventCase {
  kind: EdaKind
  recordings: number
  settings: Partial<EdaSettings>
}

/** How well a rule does on one kind. */
export interface EventScore {
  /** Share of the true responses of 0.03 µS or more that were found; NaN where there is none. */
  recall: number
  /** Responses found that are none, in 10 minutes of recording. */
  falseInTenMinutes: number
  /** Share of the recordings with no response that are none. */
  silent: number
  /** Median and mean of amplitude / true amplitude - 1. */
  bias: number
  meanBias: number
  /** Mean over those that begin 10 s or more after the response before. */
  meanBiasAlone: number
  /** 95 % of the onsets are nearer than this to the true ones, seconds. */
  onsetError: number
}

export interface EventRow {
  kind: EdaKind
  sampleRate: number
  recordings: number
  /** True responses of 0.03 µS or more. */
  responses: number
  /** Median over the recordings, µS. */
  threshold: number
  now: EventScore
  before: EventScore
}

/** The kinds of docs/events.md, each with as many recordings as asked for: of a whole day one, of high rates shorter ones. */
export const eventCases = (recordings: number): EventCase[] => [
  ...(Object.keys(EDA_KINDS) as EdaKind[]).map((kind) => ({
    kind,
    recordings: kind === 'wear' ? 1 : recordings,
    settings: {},
  })),
  ...[8, 32, 128, 1000].map((sampleRate) => ({
    kind: 'clean' as const,
    recordings: Math.max(2, Math.round((8 * recordings) / sampleRate)),
    settings: { sampleRate, seconds: sampleRate > 500 ? 120 : 600 },
  })),
]

/** One row of the table; seeds count from `seed` on. */
export async function measureEvents(
  { kind, recordings, settings }: EventCase,
  seed: number,
  options: AnalyseOptions = {},
): Promise<EventRow> {
  const found: Judged[] = []
  const old: Judged[] = []
  const thresholds: number[] = []
  for (let i = 0; i < recordings; i++) {
    const made = makeEda(kind, seed + i, settings)
    const analysis = (await analyse('cpu', [made.recording], options))[0]!
    if (analysis instanceof GalvaniError) throw analysis
    thresholds.push(analysis.eventThreshold)
    found.push(
      judged(
        made,
        analysis.events.filter(({ doubt }) => doubt === ''),
      ),
    )
    old.push(judged(made, await oldEvents(made)))
  }
  const [first] = found
  return {
    kind,
    sampleRate: first!.sampleRate,
    recordings,
    responses: found.reduce((sum, one) => sum + one.wanted, 0),
    threshold: quantile(thresholds, 0.5),
    now: scoreOf(found),
    before: scoreOf(old),
  }
}

/** The responses of the recording as it is, from a tenth of the largest on. */
async function oldEvents({ recording: { eda, sampleRate } }: MadeEda): Promise<ScrEvent[]> {
  const { z, std } = zscore(eda)
  const [parts] = await decompose('cpu', [z], { sampleRate })
  const [phasic, driver] = [parts!.phasic.map((v) => v * std), parts!.driver.map((v) => v * std)]
  const all = scrEvents({ phasic, driver, sampleRate, minAmplitude: 0 })
  const largest = largestOf(all.map(({ amplitude }) => amplitude))
  return all.filter(({ amplitude }) => amplitude >= OLD_SHARE * largest)
}

interface Judged {
  sampleRate: number
  seconds: number
  /** True responses that are to be found, and how many were. */
  wanted: number
  hits: number
  wrong: number
  /** Of all that were told to be true ones. */
  ratios: number[]
  /** The ratios of those that ride on no other response. */
  ratiosAlone: number[]
  errors: number[]
}

/** Pairs each response with the nearest true one, nearest pairs first. */
function judged({ recording: { eda, sampleRate }, responses }: MadeEda, events: readonly ScrEvent[]): Judged {
  const pairs = events.flatMap(({ onset }, e) =>
    responses.flatMap((response, r) => {
      const error = Math.abs(onset / sampleRate - response.onset)
      return error <= NEAR ? [{ e, r, error }] : []
    }),
  )
  const [paired, taken] = [new Map<number, number>(), new Set<number>()]
  for (const { e, r } of pairs.sort((a, b) => a.error - b.error)) {
    if (paired.has(e) || taken.has(r)) continue
    paired.set(e, r)
    taken.add(r)
  }
  const isWanted = (r: number): boolean => responses[r]!.amplitude >= LEAST_JUDGED
  const both = [...paired].filter(([, r]) => isWanted(r)).map(([e, r]) => [events[e]!, responses[r]!] as const)
  const isAlone = ({ onset }: TrueResponse): boolean =>
    !responses.some((other) => other.onset < onset && onset - other.onset < ALONE)
  const ratiosOf = (of: typeof both): number[] => of.map(([event, response]) => event.amplitude / response.amplitude)
  return {
    sampleRate,
    seconds: eda.length / sampleRate,
    wanted: responses.filter((_, r) => isWanted(r)).length,
    hits: both.length,
    wrong: events.length - paired.size,
    ratios: ratiosOf(both),
    ratiosAlone: ratiosOf(both.filter(([, response]) => isAlone(response))),
    errors: both.map(([event, response]) => Math.abs(event.onset / sampleRate - response.onset)),
  }
}

function scoreOf(all: readonly Judged[]): EventScore {
  const sum = (of: (one: Judged) => number): number => all.reduce((total, one) => total + of(one), 0)
  const ratios = all.flatMap((one) => one.ratios)
  const none = ratios.length === 0
  return {
    recall: sum(({ hits }) => hits) / sum(({ wanted }) => wanted),
    falseInTenMinutes: (600 * sum(({ wrong }) => wrong)) / sum(({ seconds }) => seconds),
    silent: all.filter(({ wrong }) => wrong === 0).length / all.length,
    bias: none ? NaN : quantile(ratios, 0.5) - 1,
    meanBias: mean(ratios) - 1,
    meanBiasAlone: mean(all.flatMap((one) => one.ratiosAlone)) - 1,
    onsetError: none
      ? NaN
      : quantile(
          all.flatMap((one) => one.errors),
          0.95,
        ),
  }
}

/** NaN of none. */
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
