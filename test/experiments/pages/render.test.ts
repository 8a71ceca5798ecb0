import { describe, expect, it } from 'vitest'
import { SCORES } from '../../../src/evaluation/judgement.ts'
import { figuresOf, renderExperiment } from '../../../src/experiments/pages/render.ts'
import { HOSTILE, madeUp, madeUpShares } from './made_up.ts'

const files = (collected = madeUp()): Map<string, string> =>
  new Map(renderExperiment(collected).map(({ path, content }) => [path, content]))

describe('the files of an experiment', () => {
  it('are named after it, and the same for the same results', () => {
    const all = files()
    const endings = ['.csv', '_folds.csv', '_subjects.csv', '.json', '.html', '.md', '.tex']
    expect([...all.keys()].slice(0, 7)).toEqual(endings.map((ending) => `table8${ending}`))
    expect(new Set(renderExperiment(madeUp()).map(({ path }) => path)).size).toBe(all.size)
    expect(files()).toEqual(all)
  })

  it('are drawn of an experiment of which nothing is done', () => {
    const nothing = files(madeUp({ cells: [], protocols: [], datasets: [], departures: [] }))
    expect([...nothing.keys()]).toHaveLength(7)
    expect(nothing.get('table8.html')).toContain('No results.')
  })

  it('say nothing but a dash where scores are not defined', () => {
    const made = madeUp()
    const scores = Object.fromEntries(SCORES.map((score) => [score, NaN])) as Record<(typeof SCORES)[number], number>
    const cells = made.cells.map((cell) =>
      cell.judgement ? { ...cell, judgement: { ...cell.judgement, scores, baselines: [] } } : cell,
    )
    for (const [path, content] of files({ ...made, cells })) expect(content, path).not.toMatch(/NaN|undefined|Infinity/)
  })
})

describe('pictures of an experiment', () => {
  it('are Figure 4 where lines are shares of subjects, and only there', () => {
    const names = (collected = madeUp()): string[] => figuresOf(collected).map(({ name }) => name)
    expect(names(madeUpShares())[0]).toBe('figure4_honest')
    expect(names().filter((name) => !/_(forest|subjects|calibration)_/.test(name))).toEqual([])
    expect(names()).toContain('table8_forest_honest_control_valence')
  })

  it('say loudly that they leak, and hold no text unescaped', () => {
    const leaking = figuresOf(madeUp()).filter(({ name }) => name.includes('released'))
    expect(leaking).not.toHaveLength(0)
    for (const { caption } of leaking) expect(caption).toContain('LEAKS')
    for (const { svg, name } of figuresOf(madeUp())) {
      expect(svg, name).not.toContain('<script')
      expect(svg, name).not.toMatch(/NaN|undefined/)
    }
    expect(HOSTILE).toContain('<script')
  })

  it('draw points only where there is a result', () => {
    const [figure] = figuresOf(madeUpShares())
    expect(figure!.svg.match(/<circle/g)).toHaveLength(6) // two scores of three shares: the fourth is missing
  })
})
