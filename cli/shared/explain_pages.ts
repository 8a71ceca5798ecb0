// Pages and pictures of `galvani explain`, written as they are drawn.
import type { Rendered } from '../../src/charts/figure.ts'
import type { ExplainedRun } from '../../src/explain/explain.ts'
import type { ExplainedGroup, Explanation, Grouping } from '../../src/explain/explanation.ts'
import { ExplainedPages } from '../../src/explain/pages/render.ts'
import type { Sanity } from '../../src/explain/sanity_tally.ts'
import type { Store } from '../../src/store/store.ts'
import { writeRendered } from './png.ts'

export class PageWriter {
  /** Why pictures are SVG alone, a sentence each. */
  readonly notes = new Set<string>()
  readonly #pages: ExplainedPages

  constructor(
    private readonly store: Store,
    run: ExplainedRun,
    sanity: Sanity | undefined,
    private readonly signal: AbortSignal,
  ) {
    this.#pages = new ExplainedPages(run, sanity)
  }

  trial = (explanation: Explanation, path: string): Promise<void> => this.#write(this.#pages.trial(explanation, path))

  group = (by: Grouping, group: ExplainedGroup, path: string): Promise<void> =>
    this.#write(this.#pages.group(by, group, path))

  /** The page of all; returns its path. */
  async home(): Promise<string> {
    const page = this.#pages.home()
    await this.#write([page])
    return page.path
  }

  async #write(files: readonly Rendered[]): Promise<void> {
    const { note } = await writeRendered(this.store, files, this.signal)
    if (note !== undefined) this.notes.add(note)
  }
}
