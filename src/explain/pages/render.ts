// The files of what is explained: an HTML page and its pictures for each trial, pictures for each group, a page for all.
import type { Rendered } from '../../charts/figure.ts'
import type { ExplainedRun } from '../explain.ts'
import type { ExplainedGroup, Explanation, Grouping } from '../explanation.ts'
import type { Sanity } from '../sanity_tally.ts'
import { figuresOf, picturesOf, type Pictures } from './drawn.ts'
import { runPage, type DrawnGroup, type GalleryTrial } from './run_page.ts'
import { thumbnail, thumbnailMaps } from './thumbnail.ts'
import { readSpan } from './time_span.ts'
import { trialPage } from './trial_page.ts'
import { pictureTitle } from './words.ts'

const HOME = 'index.html'

/** Paths may hold any text; in an address each of their parts is escaped. */
const addressOf = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

const picturesAt = (path: string, pictures: Pictures): Rendered[] =>
  figuresOf(pictures).map(({ name, svg }) => ({ path: `${path}_${name}.svg`, content: `${svg}\n` }))

/** Everything that is drawn of a run's explanations, one after the other; the maps themselves are not kept. */
export class ExplainedPages {
  readonly #trials: GalleryTrial[] = []
  readonly #groups: DrawnGroup[] = []
  #by: Grouping | undefined

  constructor(
    private readonly run: ExplainedRun,
    private readonly sanity?: Sanity,
  ) {}

  /** The page and pictures of a trial; `path` is that of its other files, without the ending. */
  trial(explanation: Explanation, path: string): Rendered[] {
    const { maps, ...facts } = explanation
    const { signals, dropSeconds } = this.run
    const span = readSpan(dropSeconds, facts.seconds)
    const title = pictureTitle(`Trial ${facts.trial}, ${facts.predicted}`, this.run)
    const pictures = picturesOf({ title, span, names: signals, maps })
    const link = `${addressOf(path)}.html`
    this.#trials.push({ facts, picture: thumbnail(maps), maps: thumbnailMaps(maps), link })
    const home = '../'.repeat(path.split('/').length - 1) + HOME
    const content = trialPage(this.run, explanation, pictures, { sanity: this.sanity, home })
    return [{ path: `${path}.html`, content }, ...picturesAt(path, pictures)]
  }

  /** The pictures of a group. */
  group(by: Grouping, { name, trials, maps }: ExplainedGroup, path: string): Rendered[] {
    const { signals, dropSeconds } = this.run
    const title = pictureTitle(`Mean of ${by} ${name}`, this.run)
    const pictures = picturesOf({ title, span: readSpan(dropSeconds, undefined), names: signals, maps })
    this.#by = by
    this.#groups.push({ name, trials: trials.length, pictures: [pictures.strips, ...pictures.columns] })
    return picturesAt(path, pictures)
  }

  /** The page of all that has been drawn. */
  home(): Rendered {
    const page = { trials: this.#trials, by: this.#by, groups: this.#groups, sanity: this.sanity }
    return { path: HOME, content: runPage(this.run, page) }
  }
}
