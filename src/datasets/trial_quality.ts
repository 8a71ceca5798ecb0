// Which trials are doubtful as they were recorded: contact lost, standing still, beyond the sensor's range, incomplete.
import { LONGEST_GAP_SECONDS } from '../signal/gaps.ts'
import { rangeOf, standstills, withSpans } from '../signal/quality.ts'
import type { Trial } from './trial.ts'

/** What a trial can be doubted for, by its samples alone; see `TrialQuality`. */
export const QUALITY_FLAGS = ['zero', 'flat', 'clipped', 'missing'] as const
/** One of `QUALITY_FLAGS`. */
export type QualityFlag = (typeof QUALITY_FLAGS)[number]

/** Gaps that are filled are worth a word from this share of the samples on, as in the warnings of a recording. */
const MISSING_SHARE = 0.01

/** Shares of a trial's samples, 0 to 1, and what they are doubted for. */
export interface TrialQuality {
  /**
   * Exactly 0: skin conducts at rest, and wrist bands write 0 without contact. Where a trial has values below 0 as well, it is centred
   * or a resistance's negative, and 0 is a value as any other. One sample is a flag.
   */
  zero: number
  /** In runs of one value of at least 5 s, or all one value: sensor off, or too coarse. One run is a flag. */
  flat: number
  /** In runs of at least 1 s at the largest value, or at a least one of 0 or below, into which the signal runs. One run is a flag. */
  clipped: number
  /** NaN. A gap that is too long to be filled (over 1 s) is a flag, and so is 1 % of the samples. */
  missing: number
  flags: QualityFlag[]
}

/** Judges the samples of a trial as it was recorded. */
export function trialQuality({ eda, sampleRate }: Pick<Trial, 'eda' | 'sampleRate'>): TrialQuality {
  const { missing, flat, clipped, spans } = withSpans(eda.length, standstills(eda, sampleRate))
  const [least, largest] = rangeOf(eda)
  const zeros = least < 0 ? 0 : eda.reduce((count, value) => count + (value === 0 ? 1 : 0), 0)
  const shares = {
    zero: eda.length ? zeros / eda.length : 0,
    flat: least === largest ? 1 - missing : flat,
    clipped,
    missing,
  }
  const isTorn = spans.some(
    ({ flaw, start, end }) => flaw === 'missing' && end - start > LONGEST_GAP_SECONDS * sampleRate,
  )
  const flags = QUALITY_FLAGS.filter((flag) =>
    flag === 'missing' ? isTorn || missing >= MISSING_SHARE : shares[flag] > 0,
  )
  return { ...shares, flags }
}

/** What a trial is doubted for. */
export const qualityFlags = (trial: Pick<Trial, 'eda' | 'sampleRate'>): QualityFlag[] => trialQuality(trial).flags
