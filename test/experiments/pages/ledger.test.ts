import { describe, expect, it } from 'vitest'
import { ledgerOf } from '../../../src/experiments/pages/ledger.ts'
import type { Collected } from '../../../src/experiments/collected.ts'
import { judged, madeUp, madeUpShares } from './made_up.ts'

const lines = ledgerOf(madeUp())

/** The verdict on the accuracy of a first line whose accuracy is this. */
function verdictAt(accuracy: number, reported: number, change: Partial<Collected> = {}): string {
  const cell = {
    row: 0,
    dimension: 'valence',
    protocol: 'honest',
    control: false,
    reported: { accuracy: reported },
  } as const
  return ledgerOf(madeUp({ cells: [{ ...cell, judgement: judged(accuracy) }], ...change }))[0]!.verdict
}

describe('the ledger', () => {
  it('has every row, dimension, protocol and score, and the controls', () => {
    expect(lines).toHaveLength(2 * 2 * 3 * 2 + 1)
    expect(ledgerOf(madeUpShares()).filter(({ verdict }) => verdict === 'not run')).toHaveLength(4 * 2 * 2)
  })

  it('says what was not run, and why', () => {
    const of = lines.filter(({ row, protocol, score }) => row === 2 && protocol === 'honest' && score === 'f1')
    expect(of.map(({ verdict }) => verdict)).toEqual([expect.stringContaining('not run: no data'), 'not finished'])
    expect(of.every(({ ours }) => ours === undefined)).toBe(true)
  })

  it('puts a number against the reported one by its interval', () => {
    expect(verdictAt(0.65, 0.7)).toMatch(/^the interval holds the reported number/)
    expect(verdictAt(0.65, 0.72)).toMatch(/^below the reported number/)
    expect(verdictAt(0.65, 0.58)).toMatch(/^above the reported number/)
  })

  it('puts it against chance and the best baseline', () => {
    expect(verdictAt(0.56, 0.7)).toMatch(/no better than chance$/)
    expect(verdictAt(0.6, 0.7)).toMatch(/not ahead of song-only label$/)
    expect(verdictAt(0.65, 0.7)).toMatch(/ahead of song-only label: to be treated as a leak until shown otherwise$/)
  })

  it('says of a protocol that leaks nothing but that first', () => {
    const leaking = lines.filter(({ protocol, ours }) => protocol === 'released' && ours !== undefined)
    expect(leaking).toHaveLength(4)
    for (const { verdict, leaks } of leaking) expect([leaks, verdict.startsWith('LEAKS')]).toEqual([true, true])
  })

  it('wants a control at chance, on neither side', () => {
    const verdictOf = (accuracy: number): string => {
      const cell = { row: 0, dimension: 'valence', protocol: 'honest', control: true } as const
      return ledgerOf(madeUp({ cells: [{ ...cell, judgement: judged(accuracy) }] })).at(-1)!.verdict
    }
    expect(verdictOf(0.51)).toContain('at chance, as it must be')
    expect(verdictOf(0.6)).toContain('CONTROL ABOVE CHANCE')
    expect(verdictOf(0.4)).toContain('CONTROL BELOW CHANCE')
  })
})
