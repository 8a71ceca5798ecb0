// What all learners have in common.
import { describe, expect, it } from 'vitest'
import { BASELINES } from '../../src/evaluation/judgement.ts'
import { LEARNERS } from '../../src/evaluation/learners.ts'
import { FormatError, ShapeError } from '../../src/runtime/errors.ts'
import { Random } from '../../src/runtime/random.ts'

const names = Object.keys(LEARNERS) as (keyof typeof LEARNERS)[]

/** Rows whose first feature tells the label, mostly. */
function rowsOf(n: number, features: number, seed = 1): { rows: Float32Array[]; labels: number[] } {
  const random = new Random(seed)
  const labels = Array.from({ length: n }, () => random.integer(2))
  const rows = labels.map((label) =>
    Float32Array.from({ length: features }, (_, k) => random.normal() + (k === 0 ? 3 * label : 0)),
  )
  return { rows, labels }
}

it('are baselines by name', () => {
  expect(names.every((name) => (BASELINES as readonly string[]).includes(name))).toBe(true)
})

describe.each(names)('%s', (name) => {
  const learn = LEARNERS[name]
  const { rows, labels } = rowsOf(60, 4)

  it('scores from 0 to 1, and learns what there is to learn', async () => {
    const learned = await learn(rows, labels, { seed: 1 })
    const unseen = rowsOf(200, 4, 2)
    const scores = unseen.rows.map((row) => learned.score(row))
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true)
    expect(learned.converged).toBe(true)
    const hits = scores.filter((score, i) => (score > 0.5 ? 1 : 0) === unseen.labels[i]).length
    if (name === 'guesser') expect(new Set(scores)).toEqual(new Set([labels.filter(Boolean).length / 60]))
    else expect(hits / 200).toBeGreaterThan(0.85)
  })

  it('gives the same scores again, and leaves its rows as they are', async () => {
    const copy = rows.map((row) => row.slice())
    const [one, again] = [await learn(rows, labels, { seed: 3 }), await learn(copy, labels, { seed: 3 })]
    expect(copy).toEqual(rows)
    expect(rows.map((row) => one.score(row))).toEqual(rows.map((row) => again.score(row)))
  })

  it.each([0, 1])('answers with the only class there is: %d', async (label) => {
    const only = await learn(
      rows,
      rows.map(() => label),
      { seed: 1 },
    )
    expect(rows.map((row) => (only.score(row) > 0.5 ? 1 : 0))).toEqual(rows.map(() => label))
  })

  it('lives with features that do not vary, and with a single row', async () => {
    const constant = rows.map((row) => Float32Array.of(row[0]!, 7, 7))
    const learned = await learn(constant, labels, { seed: 1 })
    expect(constant.every((row) => Number.isFinite(learned.score(row)))).toBe(true)
    const flat = rows.map(() => Float32Array.of(1, 1))
    const blind = await learn(flat, labels, { seed: 1 })
    expect(Number.isFinite(blind.score(flat[0]!))).toBe(true)
    const single = await learn([rows[0]!], [1], { seed: 1 })
    expect(single.score(rows[1]!)).toBeGreaterThan(0.5)
  })

  it('refuses rows and labels that do not fit, and what is not finite', async () => {
    const rejects = async (of: Float32Array[], as: number[], message: string, error: new (m: string) => Error) => {
      await expect(learn(of, as, { seed: 1 })).rejects.toThrow(error)
      await expect(learn(of, as, { seed: 1 })).rejects.toThrow(`${name}: ${message}`)
    }
    await rejects([], [], '0 rows and 0 labels; need as many, at least 1', ShapeError)
    await rejects(rows, [1], '60 rows and 1 labels', ShapeError)
    await rejects([rows[0]!, Float32Array.of(1)], [0, 1], 'row 1 has 1 features and row 0 has 4', ShapeError)
    await rejects([rows[0]!, rows[1]!], [0, 2], 'row 1 has the label 2, expected 0 or 1', ShapeError)
    const broken = Float32Array.of(1, NaN, 1, 1)
    await rejects([rows[0]!, broken], [0, 1], 'feature 1 of row 1 is NaN, expected a finite number', FormatError)
    const learned = await learn(rows, labels, { seed: 1 })
    expect(() => learned.score([1, 2])).toThrow(`${name}: a row has 2 features, but it learned from 4`)
  })
})

describe.each(names.filter((name) => name !== 'guesser'))('long work of %s', (name) => {
  const rows = Array.from({ length: name === 'lda' || name === 'logistic' ? 20_000 : 1000 }, (_, i) =>
    Float32Array.from({ length: 30 }, (_, k) => Math.sin(12.9898 * i + 78.233 * k * (i % 7))),
  )
  const labels = rows.map((_, i) => (i % 3 === 0 ? 1 : 0))

  it('hears an abort while it is at work', async () => {
    const stop = new AbortController()
    const learning = LEARNERS[name](rows, labels, { seed: 1, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(learning).rejects.toThrow('enough')
  })

  it('does not begin after an abort', async () => {
    const learning = LEARNERS[name](rows, labels, { seed: 1, signal: AbortSignal.abort(new Error('before')) })
    await expect(learning).rejects.toThrow('before')
  })
})
