// What is said of one trial, and of a group of trials.
import { MapMeans, type Maps } from './map_array.ts'

/** What trials are averaged over: the class that is explained, the person, or the fold whose model it is. */
export const GROUPINGS = ['class', 'subject', 'fold'] as const
/** What trials are averaged over. */
export type Grouping = (typeof GROUPINGS)[number]

/** One trial under one model. */
export interface Explanation {
  trial: string
  subject: string
  stimulus: string
  /** Length of the recording, s; absent where the data were prepared before, and the recording is not at hand. */
  seconds?: number
  /** Whose model it is. */
  fold: string
  /** Whether the model was trained on this person. */
  seen: boolean
  /** The class that the model predicts, which is explained: its number, name, probability and logit. */
  class: number
  predicted: string
  probability: number
  logit: number
  /** Number of the class that the trial has in the run; absent where the fold did not test it. */
  label?: number
  /** What integrated gradients add up to less what they should. */
  integrated?: { steps: number; baselineLogit: number; gap: number }
  /** By the names of docs/explain.md. */
  maps: Maps
}

/** Means over the trials of one class, person or fold. */
export interface ExplainedGroup {
  /** The class's name, the person's or the fold's. */
  name: string
  trials: string[]
  maps: Maps
}

/** Collects explanations, and their means where these are asked for. */
export class Explained {
  /** In the order in which they came. */
  readonly explanations: Explanation[] = []
  readonly #means = new Map<string, { trials: string[]; means: MapMeans }>()

  /** `visit` takes each explanation with its maps; without it, and without `by`, they are kept. */
  constructor(
    private readonly by: Grouping | undefined,
    private readonly visit: ((explanation: Explanation) => void | Promise<void>) | undefined,
  ) {}

  async add(explanation: Explanation): Promise<void> {
    const { by, visit } = this
    await visit?.(explanation)
    if (by) this.#addTo(groupOf(explanation, by), explanation)
    this.explanations.push(visit || by ? { ...explanation, maps: {} } : explanation)
  }

  #addTo(name: string, { trial, maps }: Explanation): void {
    const group = this.#means.get(name) ?? { trials: [], means: new MapMeans() }
    this.#means.set(name, group)
    group.trials.push(trial)
    group.means.add(maps)
  }

  groups(): ExplainedGroup[] {
    return [...this.#means].map(([name, { trials, means }]) => ({ name, trials, maps: means.mean() }))
  }
}

const groupOf = ({ predicted, subject, fold }: Explanation, by: Grouping): string =>
  ({ class: predicted, subject, fold })[by]
