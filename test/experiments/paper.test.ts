import { describe, expect, it } from 'vitest'
import { experimentsCalled, paperFacts, paperGrids } from '../../src/experiments/paper.ts'
import { protocolSettings, protocols, saysOf, sharedIn } from '../../src/experiments/protocols.ts'
import { canonical } from '../../src/formats/canonical.ts'
import { resolveRun } from '../../src/train/defaults.ts'
import { SCORES } from '../../src/evaluation/judgement.ts'
import { UsageError } from '../../src/runtime/errors.ts'

describe("the paper's tables", () => {
  it.each(paperGrids.map((grid) => [grid.name, grid] as const))(
    '%s has rows of distinct configurations',
    (_, { rows, heads }) => {
      const runs = rows
        .filter(({ method }) => method !== 'quoted')
        .map(({ settings = {}, music, method = 'network', dataset = 'any', from }) => {
          const config = resolveRun({ ...settings, ...(music === false && { music: 'none' }) }, { musicDim: 6373 })
          return canonical([config, method, dataset, from])
        })
      expect(new Set(runs).size).toBe(runs.length)
      for (const { cells } of rows) expect(cells).toHaveLength(heads.length)
    },
  )

  it('reports shares of 1, and scores that are known', () => {
    for (const { rows } of paperGrids)
      for (const { reported = {} } of rows)
        for (const [name, value] of Object.values(reported).flatMap((of) => Object.entries(of))) {
          expect(SCORES).toContain(name)
          expect(value).toBeGreaterThan(0.5)
          expect(value).toBeLessThan(0.9)
        }
    const fusion = experimentsCalled('table8').grids[0]!.rows.at(-1)!.reported
    expect(fusion).toEqual({ valence: { accuracy: 0.773, f1: 0.8094 }, arousal: { accuracy: 0.8251, f1: 0.8562 } })
  })

  it('are found by name, all of them or one; a slip is answered with the nearest', () => {
    expect(experimentsCalled('all')).toEqual({ grids: paperGrids, facts: paperFacts })
    expect(experimentsCalled('table1').facts.map(({ name }) => name)).toEqual(['table1'])
    expect(() => experimentsCalled('tabel8')).toThrow("did you mean 'table8'?")
  })
})

describe('protocols', () => {
  it('leak where the released code does, and nowhere else', () => {
    expect(
      Object.entries(protocols)
        .filter(([, { leaks }]) => leaks)
        .map(([name]) => name),
    ).toEqual(['released'])
    expect(protocolSettings('released', 'pmemo')).toMatchObject({ folds: 'random:10', choice: 'test', batch: 300 })
    expect(protocolSettings('released', 'deap')).toMatchObject({ learningRate: 0.1, epochs: 300 })
    expect(protocolSettings('paper', 'amigos')).toMatchObject({ epochs: 1000, validation: 0, decay: 0.9 })
  })

  it('keep their kind of folds, whatever is set for all rows', () => {
    const shared = { folds: 'subject:3', epochs: 2 }
    expect(sharedIn('honest', shared)).toEqual(shared)
    expect(sharedIn('released', shared)).toEqual({ folds: 'random:3', epochs: 2 })
    expect(sharedIn('released', { epochs: 2 })).toEqual({ epochs: 2 })
    expect(() => sharedIn('released', { folds: 'column:fold' })).toThrow(
      new UsageError(
        '--folds column:fold: protocol released parts single trials; use random:N, or subject:N for as many parts',
      ),
    )
  })

  it('say first what is set in the place of their own', () => {
    const shared = { folds: 'subject:3', epochs: 2, validation: 0, seed: 9, width: 0.5 }
    expect(saysOf('honest', shared, ['any'])[0]).toBe(
      'HERE, in the place of what follows: folds subject:3, epochs 2, validation 0',
    )
    expect(saysOf('released', shared, ['deap'])[0]).toBe('HERE, in the place of what follows: folds random:3, epochs 2')
    const optimizer = { name: 'adam', weightDecay: 0 } as const
    expect(saysOf('paper', { optimizer }, ['pmemo'])[0]).toContain('optimizer {name:adam,weightDecay:0}')
    expect(saysOf('paper', { epochs: 100, folds: 'subject:10' }, ['pmemo'])).toEqual(protocols.paper.says)
    expect(saysOf('paper', { epochs: 100 }, ['pmemo', 'deap'])[0]).toContain('epochs 100')
  })

  it.each(['honest', 'paper', 'released'] as const)('%s is a configuration that runs take', (protocol) => {
    for (const dataset of ['pmemo', 'deap', 'amigos', 'any'] as const)
      resolveRun(protocolSettings(protocol, dataset), { musicDim: 0 })
  })
})
