// Scores of a baseline on a fold's test trials, kept by a digest of all that decides them: learned once, whoever asks again.
import type { BaselineName } from '../evaluation/judgement.ts'
import { digest, sha256 } from '../formats/digest.ts'
import { formatDocument, parseDocument, toDocument } from '../formats/documents.ts'
import { FormatError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { VERSION } from '../version.ts'

/** What one baseline is to learn from and to score. */
export interface Scored {
  baseline: BaselineName
  /** What its rows of features are called, where they have a name. */
  features: string | undefined
  /** What it learns from, a row a trial, and the class of each. */
  rows: readonly Float32Array[]
  labels: readonly number[]
  /** What it scores, a row a trial, and how these trials are called. */
  testRows: readonly Float32Array[]
  trials: readonly string[]
}

/** Another number for another way to learn one of them. */
export const BASELINE_SET = 'baselines/2'

/** The file of these scores. */
export async function scoresFile({ baseline, features, rows, labels, testRows, trials }: Scored): Promise<string> {
  const about = JSON.stringify([BASELINE_SET, VERSION, baseline, features, labels, trials])
  return `baselines/${baseline}-${await digest([about, ...rows, ...testRows])}.json`
}

interface Kept {
  baseline: BaselineName
  trials: readonly string[]
  scores: number[]
  /** Of these three. */
  digest: string
}

const digestOf = ({ baseline, trials, scores }: Omit<Kept, 'digest'>): Promise<string> =>
  sha256(JSON.stringify([baseline, trials, scores]))

export async function keepScores(store: Store, file: string, scored: Scored, scores: number[]): Promise<void> {
  const { baseline, trials } = scored
  const kept: Kept = { baseline, trials, scores, digest: await digestOf({ baseline, trials, scores }) }
  await store.write(file, formatDocument(toDocument('fold-baseline', kept)))
}

/** What a file has for these trials, in their order; nothing where there is none, or one that is not as it was written: it is then made anew. */
export async function readScores(
  store: Store,
  file: string,
  { baseline, trials }: Scored,
): Promise<number[] | undefined> {
  if (!(await store.exists(file))) return undefined
  try {
    const { digest: stored, ...kept } = parseDocument(
      'fold-baseline',
      await store.readText(file),
      file,
    ) as unknown as Kept
    const asked = { baseline, trials, scores: kept.scores }
    return stored === (await digestOf(kept)) && stored === (await digestOf(asked)) ? kept.scores : undefined
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
