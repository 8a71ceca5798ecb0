// What stands beside a model when it goes elsewhere: what it was made of, how well it did, what it must not be taken for; and how to
// write of it in a paper. All of it is read off the run.
import { escapeMarkdown as text, markdownTable } from '../charts/markdown.ts'
import { isControl, plainScheme } from '../evaluation/control.ts'
import { doubtOfLabels } from '../evaluation/labels.ts'
import { classNames } from '../evaluation/targets.ts'
import { BASELINE_NAMES } from '../report/baseline_names.ts'
import { departures } from '../train/paper_settings.ts'
import type { RunSummary } from '../train/run_summary.ts'

/** Files by name: `model_card.md`, `methods.md`, `references.bib`. */
export const modelCard = (run: RunSummary): Record<string, string> => ({
  'model_card.md': card(run),
  'methods.md': methods(run),
  'references.bib': REFERENCES,
})

const percent = (share: number): string => (Number.isFinite(share) ? (100 * share).toFixed(1) : 'not defined')
const many = (count: number, one: string, more = `${one}s`): string => `${count} ${count === 1 ? one : more}`
const version = ({ versions }: RunSummary): string => `galvani ${versions.galvani ?? '(version unknown)'}`

function card(run: RunSummary): string {
  const parts = [
    `# ${text(`Model card: ${run.dimension}, ${run.dataset.name}`)}`,
    ...warnings(run).map((warning) => `**${text(warning)}**`),
    section('What it is', itself(run)),
    section('What it was trained on', data(run)),
    section('How well it does', [
      results(run),
      'All of it on people whom the models had not seen, unless a warning above says otherwise.',
    ]),
    section('What it is for', PURPOSE),
    section('How it was made', [settings(run), machine(run)]),
  ]
  return `${parts.join('\n\n')}\n`
}

const section = (title: string, paragraphs: readonly string[]): string => [`## ${title}`, ...paragraphs].join('\n\n')

const PURPOSE = [
  'Research on how skin conductance goes with reported emotion. It tells which of a few classes a rating would fall into, of people and in ' +
    'a setting like those of the data; what people elsewhere would say of themselves it was not tested on.',
  'It is no means to judge a person: not for diagnosis, hiring, lie detection or surveillance. A rating is what someone said, not what they felt.',
]

/** What a reader must know before any number. */
function warnings({ dataset, folds, labels, results, config }: RunSummary): string[] {
  const doubt = doubtOfLabels(labels)
  return [
    ...(dataset.synthetic
      ? ['Synthetic data: the recordings were generated, and nothing here says anything about people.']
      : []),
    ...(isControl(labels)
      ? ['A control: labels were shuffled within people, so that there was nothing to learn.']
      : []),
    ...(folds.subjectIndependent
      ? []
      : ['Not subject-independent: the same people are in training and test parts, which flatters.']),
    ...(config.choice === 'test' ? ['A leak: the epoch was chosen on the test part, which flatters.'] : []),
    ...(doubt === undefined || isControl(labels) ? [] : [`Mind the labels: ${doubt}.`]),
    ...(results.length < folds.count
      ? [`Incomplete: ${results.length} of ${many(folds.count, 'fold')} are trained.`]
      : []),
  ]
}

function itself({ config, parameters, preset, dimension }: RunSummary): string[] {
  const classes = classNames(config.dimension, config.levels)
  const { network = 'rtcan-1d', music_dim: music } = config.model
  const reads = [
    ...(network === 'music'
      ? []
      : [
          `${config.signals.join(', ')} of the skin conductance (${config.model.length} points, the first ${config.drop} s left out)`,
        ]),
    ...(music > 0
      ? [
          `${many(music, 'number')} that describe ${config.musicFrom ? 'what other listeners said of the song' : 'the music'}`,
        ]
      : []),
  ]
  return [
    text(
      `A network '${network}' (preset ${preset}) of ${parameters} parameters a fold, trained from scratch. It reads ${reads.join(', and ')}, and gives the probability of each class of ${dimension}: ${classes.join(', ')}.`,
    ),
  ]
}

function data({ dataset, labels, folds, skipped }: RunSummary): string[] {
  const notes = dataset.notes ?? []
  return [
    text(
      `${dataset.name}: ${many(dataset.trials, 'trial')} of ${many(dataset.subjects, 'person', 'people')}, ${many(dataset.stimuli, 'stimulus', 'stimuli')}. ` +
        `Labels: ${labels}. Folds: ${folds.scheme}. ${skipped.length > 0 ? `${many(skipped.length, 'trial')} were left out.` : 'No trial was left out.'}`,
    ),
    ...notes.map(text),
  ]
}

const SHOWN = [
  ['accuracy', 'Accuracy %'],
  ['balancedAccuracy', 'Balanced accuracy %'],
  ['macroF1', 'Macro F1 %'],
] as const

function results({ pooled: { judgement } }: RunSummary): string {
  const { scores, intervals, baselines } = judgement
  const own = SHOWN.map(([name]) => {
    const interval = intervals?.[name]
    return percent(scores[name]) + (interval ? ` (${percent(interval.low)} to ${percent(interval.high)})` : '')
  })
  const rows = baselines.map(({ name, scores: theirs }) => [
    BASELINE_NAMES[name],
    ...SHOWN.map(([score]) => percent(theirs[score])),
  ])
  const heads = ['', ...SHOWN.map(([, head]) => head)]
  return markdownTable(
    heads,
    [['this model (95 % interval over people)', ...own], ...rows].map((row) => row.map(text)),
    1,
  )
}

function settings({ config }: RunSummary): string {
  const rows = departures(config).map(({ setting, paper, here }) => [setting, paper, here].map(text))
  if (rows.length === 0) return "All settings are the paper's."
  return `Settings that are not the paper's:\n\n${markdownTable(['Setting', 'Paper', 'Here'], rows, 3)}`
}

const machine = (run: RunSummary): string =>
  text(`Seed ${run.seed}. ${version(run)}, on ${run.adapter}, ${run.date.slice(0, 10)}.`)

/** A paragraph for the methods of a paper. */
function methods(run: RunSummary): string {
  const { config, dataset, folds, pooled } = run
  const { model, optimizer, validation } = config
  const { judgement } = pooled
  const parts = [
    `Skin conductance was decomposed into phasic and tonic parts by cvxEDA [@greco2016cvxeda]. The first ${config.drop} s of each trial were left out, ` +
      `each channel (${config.signals.join(', ')}) was z-scored and brought to ${model.length} points by ${config.interpolation ?? 'linear'} interpolation.`,
    `Ratings of ${run.dimension} became ${classNames(config.dimension, config.levels).length} classes (${plainScheme(run.labels)}).`,
    `${network(run)} was trained on ${many(dataset.trials, 'trial')} of ${many(dataset.subjects, 'person', 'people')} with ${
      optimizer.name === 'sgd' ? 'stochastic gradient descent' : 'Adam'
    } (learning rate ${config.learningRate}, batches of ${config.batch}, at most ${config.epochs} epochs) and cross-validated (${folds.scheme}${
      folds.subjectIndependent ? ', nobody in both the training and the test part' : ', not independent of subjects'
    }); ${epochRule(config.choice, validation)}.`,
    `Accuracy was ${percent(judgement.scores.accuracy)} %${
      judgement.intervals?.accuracy
        ? ` (95 % interval by bootstrap over people ${percent(judgement.intervals.accuracy.low)} to ${percent(judgement.intervals.accuracy.high)} %)`
        : ''
    }, balanced accuracy ${percent(judgement.scores.balancedAccuracy)} %, that of the majority class ${percent(
      judgement.baselines.find(({ name }) => name === 'majority')?.scores.accuracy ?? NaN,
    )} %.`,
    `All was computed by ${version(run)} on ${run.adapter}.`,
  ]
  return `${parts.join(' ')}\n`
}

const network = ({ config: { model }, parameters }: RunSummary): string =>
  `${(model.network ?? 'rtcan-1d') === 'rtcan-1d' ? 'RTCAN-1D [@yin2022rtcan]' : `A network '${model.network}'`} (${parameters} parameters)`

function epochRule(choice: 'test' | undefined, validation: number): string {
  if (choice === 'test') return 'the epoch was chosen on the test part'
  return validation > 0
    ? `the epoch was chosen by the loss on ${percent(validation)} % of the training part, held out by whole units`
    : 'the last epoch was tested'
}

const REFERENCES = `@article{yin2022rtcan,
  author  = {Yin, Guanghao and Sun, Shouqian and Yu, Dian and Li, Dejian and Zhang, Kejun},
  title   = {A Multimodal Framework for Large-Scale Emotion Recognition by Fusing Music and Electrodermal Activity Signals},
  journal = {ACM Transactions on Multimedia Computing, Communications, and Applications},
  volume  = {18},
  number  = {3},
  year    = {2022}
}

@article{greco2016cvxeda,
  author  = {Greco, Alberto and Valenza, Gaetano and Lanata, Antonio and Scilingo, Enzo Pasquale and Citi, Luca},
  title   = {{cvxEDA}: A Convex Optimization Approach to Electrodermal Activity Processing},
  journal = {IEEE Transactions on Biomedical Engineering},
  volume  = {63},
  number  = {4},
  pages   = {797--804},
  year    = {2016}
}
`
