// Figures 5 to 8 from finished models of Table 8, trained here on one fold each.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attentionFigures, type AttentionOptions } from '../../src/experiments/attention_figures.ts'
import { planTables, runExperiment } from '../../src/experiments/experiment.ts'
import { jobResults } from '../../src/experiments/job.ts'
import { table8 } from '../../src/experiments/paper/table8.ts'
import { savePlan, type PlanDocument } from '../../src/experiments/plan_file.ts'
import { studyOf, type Study } from '../../src/experiments/study.ts'
import type { Gpu } from '../../src/runtime/gpu.ts'
import { openGpu } from '../../src/runtime/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Dataset } from '../../src/train/dataset.ts'
import type { PreparedSet } from '../../src/train/prepare.ts'
import { elementNames, texts } from '../charts/marks.ts'
import { smallStudy } from '../train/small_task.ts'
import { options, smallPlan } from './small_experiment.ts'

const ROWS = ['base + SCA', 'base + RNTA', 'base + SCA + RNTA']
const FILES = ['sca', 'rnta', 'both']
const set = smallStudy()
const out = new MemoryStore()

let gpu: Gpu
let plan: PlanDocument

/** The job of a line whose model was tested on the first fold. */
const jobOf = (row: string, dimension: string) => {
  const cell = plan.grids[0]!.cells.find((of) => of.dimension === dimension && table8.rows[of.row]!.cells[0] === row)!
  return plan.jobs.find(({ hash, fold }) => cell.jobs.includes(hash) && fold === '0')!
}

beforeAll(async () => {
  gpu = await openGpu()
  const study: Study = { ...(await studyOf(set)), kind: 'pmemo' }
  plan = await planTables({ grids: [table8] }, [study], options)
  const only = ['valence', 'arousal'].flatMap((dimension) => ROWS.map((row) => jobOf(row, dimension)))
  expect(await runExperiment(gpu, out, plan, [study], { only })).toEqual([])
})
afterAll(() => gpu.close())

const prepared = (of: PreparedSet): Dataset => ({ kind: 'prepared', set: of })
const figures = (change: Partial<AttentionOptions> = {}, store = out) =>
  attentionFigures(
    gpu,
    { store, name: 'tables' },
    { protocol: 'honest', datasetOf: () => Promise.resolve(prepared(set)), ...change },
  )

describe('figures 5 to 8', () => {
  it('are a page and a picture for each figure and model, in the form and dimension of each', async () => {
    const { trial, files } = await figures({ trial: 't3' })
    expect(trial).toBe('t3')
    const names = [5, 6, 7, 8].flatMap((number) => FILES.map((file) => `figure${number}_${file}.svg`))
    expect(files.map(({ path }) => path)).toEqual(['figures5-8.html', ...names])
    const [page, ...pictures] = files
    expect(elementNames(page!.content, ['meta'])).not.toContain('script')
    for (const [i, { path, content }] of pictures.entries()) {
      expect(page!.content).toContain(content.trimEnd())
      expect(content).not.toMatch(/NaN|undefined/)
      const words = texts(content).map(({ text }) => text)
      const dimension = i < 6 ? 'valence' : 'arousal'
      expect(words[0], path).toContain(`${ROWS[i % 3]!}, trial t3, ${dimension} `)
      const module = i % 3 === 0 ? 'SCA' : 'RNTA'
      const strip = `Guided Grad-CAM of ${module}: phasic`
      if (Math.floor(i / 3) % 2 === 0) expect(words).toContain('phasic (z-score)')
      else expect(words).toContain(strip)
    }
    // Six models, six pictures that differ, in each form.
    expect(new Set(pictures.map(({ content }) => content)).size).toBe(12)
  })

  it('are of the models of the lines that they name', async () => {
    const { files } = await figures({ trial: 't3' })
    for (const [i, { content }] of files.slice(1).entries()) {
      const [row, dimension] = [ROWS[i % 3]!, i < 6 ? 'valence' : 'arousal']
      const [result] = await jobResults(out, jobOf(row, dimension).hash)
      const { score } = result!.trials.find((of) => of.trial === 't3')!
      expect(texts(content)[0]!.text).toContain(`${dimension} ${score > 0.5 ? 'high' : 'low'}`)
      const sure = Math.max(score, 1 - score).toFixed(3)
      expect(files[0]!.content).toContain(
        `${row}: The model of fold 0 predicts ${dimension} ${score > 0.5 ? 'high' : 'low'}, with probability ${sure}`,
      )
    }
  })

  it("show the paper's trial where the data have it, and otherwise say so and show the first test trial", async () => {
    const { trial, notes, files } = await figures()
    expect([trial, notes]).toEqual([
      't0',
      ['lab has no subject 100184 with song 1, whom the paper shows; this is t0, the first test trial'],
    ])
    expect(files[0]!.content).toContain(notes[0])
    const named = smallStudy((of, i) => {
      if (i === 2) Object.assign(of, { subject: '100184', stimulus: '1' })
    })
    const paper = await figures({ datasetOf: () => Promise.resolve(prepared(named)) })
    expect([paper.trial, paper.notes]).toEqual(['t2', []])
  })

  it('say of made-up data that they are', async () => {
    const datasetOf = () => Promise.resolve(prepared({ ...set, synthetic: true }))
    const { files } = await figures({ trial: 't3', datasetOf })
    expect(files[0]!.content).toContain('Synthetic data.')
    for (const { content } of files.slice(1)) expect(content).toContain('SYNTHETIC, base')
  })

  it('take the same person and stimulus where each dimension was recorded for itself', async () => {
    const other = smallStudy((of) => (of.id = `again ${of.id}`))
    const datasetOf = (dimension: string) => Promise.resolve(prepared(dimension === 'valence' ? set : other))
    await expect(figures({ trial: 't3', datasetOf })).rejects.toThrow("in arousal was tested on trial 'again t3'")
    const twice = { ...other, trials: [...other.trials, { ...other.trials[3]!, id: 'more' }] }
    const doubled = (dimension: string) => Promise.resolve(prepared(dimension === 'valence' ? set : twice))
    await expect(figures({ trial: 't3', datasetOf: doubled })).rejects.toThrow('lab has 2 trials of s0 with song')
  })
})

describe('figures 5 to 8 are refused', () => {
  it.each([
    ['an unknown trial', { trial: 'nobody' }, "lab has no trial 'nobody'; it has 24, such as 't0'"],
    [
      'a trial that no finished model was tested on',
      { trial: 't20' },
      "tables: no finished model of 'base + SCA' in valence was tested on trial 't20'; finish table8 first, or name another trial",
    ],
    [
      'a protocol that was not run',
      { protocol: 'paper' as const },
      "tables: table8 has no 'base + SCA' in valence under the protocol paper",
    ],
  ])('%s', async (_, change, says) => {
    await expect(figures(change)).rejects.toThrow(says)
  })

  it('a folder without the table, or with none of its models', async () => {
    const other = new MemoryStore()
    await savePlan(other, (await smallPlan()).plan)
    await expect(figures({}, other)).rejects.toThrow('tables has no table8, whose models figures 5 to 8 are of')
    const empty = new MemoryStore()
    await savePlan(empty, plan)
    await expect(figures({}, empty)).rejects.toThrow(
      'no trial of lab was tested by all six models; finish table8 first',
    )
    await expect(figures({}, new MemoryStore())).rejects.toThrow('tables holds no experiment')
  })
})
