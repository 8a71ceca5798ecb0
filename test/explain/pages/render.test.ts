// Pages of explanations: what a reader sees, and what they are made of.
import { describe, expect, it } from 'vitest'
import type { Explanation } from '../../../src/explain/explanation.ts'
import { ExplainedPages } from '../../../src/explain/pages/render.ts'
import type { Sanity } from '../../../src/explain/sanity_tally.ts'
import { elementNames } from '../../charts/marks.ts'
import { explanation, maps, run, sanity } from './made_up.ts'

const PATH = 'fold-2/trial-anna%2F1%20%26%202'

/** What a reader sees, tags dropped. */
const visible = (html: string): string =>
  html
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')

const trialFiles = (change: Partial<Explanation> = {}, checks?: Sanity) =>
  new ExplainedPages(run, checks).trial({ ...explanation, ...change }, PATH)
const trialText = (change: Partial<Explanation> = {}, checks?: Sanity) =>
  visible(trialFiles(change, checks)[0]!.content)

function isSelfContained(html: string): void {
  const names = elementNames(html, ['meta'])
  for (const name of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use']) expect(names).not.toContain(name)
  expect(html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|url\(|@import|\ssrc=/)
  expect(html).not.toMatch(/NaN|undefined|\[object/)
}

describe('the page of a trial', () => {
  it('is a file beside its maps, with its pictures as SVG', () => {
    const files = trialFiles()
    expect(files.map(({ path }) => path)).toEqual([
      `${PATH}.html`,
      ...['columns_rnta_guided_grad_cam', 'columns_integrated_gradients', 'strips'].map(
        (name) => `${PATH}_${name}.svg`,
      ),
      ...['attention_0', 'attention_1', 'gates'].map((name) => `${PATH}_${name}.svg`),
    ])
    isSelfContained(files[0]!.content)
    for (const { content } of files.slice(1)) expect(files[0]!.content).toContain(content.trimEnd())
    expect(files[0]!.content).toContain('<a href="../index.html">')
  })

  it('says what was predicted, how sure the model is, and whether it is right', () => {
    const text = trialText()
    for (const words of [
      'Trial anna/1 &#38; 2: arousal high',
      'The model of fold 2 predicts arousal high, with probability 0.813. The label of the trial is low: it is wrong',
      'Data lab &#60;7&#62;',
      'Length 83.0 s',
      'Attention modules RNTA',
      'Label low',
    ])
      expect(text).toContain(words)
    expect(trialText({ label: 1 })).toContain('The label of the trial is high: it is right.')
    const { label: _, ...untested } = explanation
    const pages = new ExplainedPages(run)
    expect(visible(pages.trial(untested, PATH)[0]!.content)).toContain('there is no label to compare with')
  })

  it('warns of a person that the model was trained on', () => {
    expect(trialText()).not.toContain('Seen in training')
    expect(trialText({ seen: true })).toContain('The model of fold 2 was trained on anna')
  })

  it('says of made-up data that they are, and so does every picture', () => {
    expect(trialText()).not.toMatch(/synthetic/i)
    const pages = new ExplainedPages({ ...run, synthetic: true })
    const [page, ...pictures] = pages.trial(explanation, PATH)
    expect(visible(page!.content)).toContain('Synthetic data.')
    for (const { content } of pictures) expect(content).toContain('SYNTHETIC, Trial anna')
    expect(visible(pages.home().content)).toContain('Synthetic data.')
  })

  it('has integrated gradients as a second opinion with their gap, and asks for more steps where it is wide', () => {
    expect(trialText()).toContain('add up to 1.00, the rise of the logit from 0.500 to 1.50, and miss that by 0.0100.')
    const wide = { steps: 4, baselineLogit: 0.5, gap: -0.2 }
    expect(trialText({ integrated: wide })).toContain('miss that by −0.200, which is more than a twentieth of it')
  })

  it('says what to believe: what was checked, and which maps pass nothing', () => {
    expect(trialText()).toContain('A map is a picture in any case')
    expect(trialText()).toContain('These maps were not checked')
    const text = trialText({}, sanity)
    expect(text).toContain('Not to be believed. Integrated gradients passes no check.')
    expect(text).not.toContain('Grad-CAM of RNTA passes no check')
    expect(text).toContain('Grad-CAM of RNTA 0.91 – – 0.30 (0.40 to 0.60) 0.70 (0.40 to 0.60) deletion, insertion')
  })

  it('does without what there is not: seconds, attention, gates, integrated gradients', () => {
    const { signals, gradient } = maps
    const { seconds: _, integrated: __, ...bare } = { ...explanation, maps: { signals: signals!, gradient: gradient! } }
    const text = visible(new ExplainedPages(run).trial(bare, PATH)[0]!.content)
    expect(text).toContain('seconds are not known here')
    for (const words of ['Inside the attention modules', 'second opinion', 'Length']) expect(text).not.toContain(words)
    expect(text).toContain('Share of what was read (%)')
  })
})

describe('the page of a run', () => {
  const pages = new ExplainedPages(run, sanity)
  const of: [trial: string, probability: number, label: number | undefined][] = [
    ['sure and right', 0.99, 1],
    ['hardly wrong', 0.55, 0],
    ['sure and wrong', 0.97, 0],
    ['hardly right', 0.6, 1],
    ['untested', 0.8, undefined],
  ]
  for (const [trial, probability, label] of of) {
    const { label: _, ...facts } = explanation
    pages.trial(
      { ...facts, trial, probability, ...(label !== undefined && { label }) },
      `fold-2/${encodeURIComponent(trial)}`,
    )
  }
  const grouped = pages.group('class', { name: 'high', trials: ['a', 'b'], maps }, 'by-class/high')
  const { path, content } = pages.home()

  it('has a gallery: mistakes, what is right and what is not tested, each with the surest first', () => {
    expect(path).toBe('index.html')
    isSelfContained(content)
    const gallery = [...content.matchAll(/<h2>([^<]*first)<\/h2>|<a href="([^"]*)"><b>([^<]*)<\/b>/g)].map(
      ([, title, , trial]) => title ?? trial,
    )
    expect(gallery).toEqual([
      ...['Mistakes, the surest first', 'sure and wrong', 'hardly wrong'],
      ...['Right, the surest first', 'sure and right', 'hardly right'],
      ...['Not tested by the fold, the surest first', 'untested'],
      'All trials, the surest first',
    ])
    expect(visible(content)).toContain('Right 2 of 4')
  })

  it('links to files whose names hold escapes themselves', () => {
    expect(content).toContain('<a href="fold-2/sure%2520and%2520wrong.html">')
  })

  it('lists all trials by how sure the model is', () => {
    const table = visible(content.slice(content.indexOf('All trials')))
    const places = of.map(([trial]) => table.indexOf(trial))
    expect(places.every((place) => place > 0)).toBe(true)
    const order = [...of]
      .sort((a, b) => table.indexOf(a[0]) - table.indexOf(b[0]))
      .map(([, probability]) => probability)
    expect(order).toEqual([0.99, 0.97, 0.8, 0.6, 0.55])
  })

  it('has the means of groups, over shares of the time, and their pictures as files', () => {
    expect(visible(content)).toContain('Means by predicted class')
    expect(visible(content)).toContain('high, 2 trials')
    expect(grouped.map((file) => file.path)).toContain('by-class/high_strips.svg')
    for (const file of grouped.filter((file) => /strips|columns/.test(file.path))) {
      expect(file.content).toContain('Share of what was read (%)')
      expect(content).toContain(file.content.trimEnd())
    }
  })

  it('says the same of what to believe as the pages of trials', () => {
    expect(visible(content)).toContain('Not to be believed. Integrated gradients passes no check.')
  })
})
