// A folder of recordings of any kind that is read is a dataset without ratings: it can be prepared and predicted, not trained on.
import { candidates, ENDINGS, folderOf } from '../reading/candidates.ts'
import { readRecordings } from '../reading/read.ts'
import type { Recording } from '../reading/recording.ts'
import { FormatError, GalvaniError } from '../runtime/errors.ts'
import type { Store } from '../store/store.ts'
import { shownNames, withFindings } from './findings.ts'
import type { Layout, NamedOptions, OpenedDataset } from './layout.ts'
import { joined, namesIn, sourceAt } from './tree.ts'
import type { Trial } from './trial.ts'

/** Folders in folders that are looked into. */
const DEEPEST = 5
const ENDING = /(?<=[^/])(\.[^./]+?)(\.gz)?$/i
/** The entity of a person in names of BIDS. */
const BIDS_SUBJECT = /(?:^|\/)(sub-[^_/]+)/

export const recordings: Layout = {
  kind: 'recordings',
  looksFor: 'recordings of skin conductance',
  refuses: {
    gsr: 'the unit of a recording is told by its file',
    resample: 'the stamps of a recording are put onto an even grid as far as they allow it',
  },
  recognises: async (store) => (await filesIn(store)).length > 0,
  open,
}

/** Paths that may be recordings, by their names. */
async function filesIn(store: Store): Promise<string[]> {
  const files: string[] = []
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const name of await namesIn(store, folder)) {
      const path = joined(folder, name)
      const isFolder = !MAY_BE.test(name) && depth < DEEPEST && (await store.list(path)).length > 0
      if (isFolder) await walk(path, depth + 1)
      else files.push(path)
    }
  }
  await walk('', 0)
  return candidates(files)
}

const MAY_BE = new RegExp(`\\.(${ENDINGS.join('|')})(\\.gz)?$`, 'i')

async function open(store: Store, options: NamedOptions): Promise<OpenedDataset> {
  const { name } = options
  const paths = await filesIn(store)
  const ids = idsOf(paths)
  const read = async (path: string): Promise<Recording[]> =>
    await readRecordings(await sourceAt(store, path, `${name}/${path}`), {
      ...(options.sampleRate !== undefined && { sampleRate: options.sampleRate }),
    })
  await requireOne(paths, read, name)
  const known = {
    skipped: [],
    notes: ['A folder of recordings has no ratings; people and trials are told by the names of files and folders.'],
  }
  return withFindings(
    { kind: 'recordings', name, synthetic: false, expected: paths.length },
    known,
    async function* (found) {
      const heard = new Remarks()
      const passedOver: string[] = []
      const used = new Set<string>()
      for (const [i, path] of paths.entries()) {
        const source = `${name}/${path}`
        const all = await read(path).catch((error: unknown) => refusalOf(error))
        if (all instanceof GalvaniError) {
          if (isNone(all)) passedOver.push(path)
          else found.skip(source, withoutName(all.message, source))
          continue
        }
        for (const [k, recording] of all.entries()) {
          const id = unused(all.length === 1 ? ids[i]! : `${ids[i]!}_${recording.part ?? k + 1}`, used)
          for (const note of recording.notes ?? []) heard.add(note, id)
          yield trialOf(recording, { id, subject: subjectOf(path) })
        }
      }
      for (const sentence of heard.sentences()) found.note(sentence)
      if (passedOver.length > 0) found.note(`Passed over, since they are no recordings: ${shownNames(passedOver)}.`)
    },
  )
}

/** What was said of recordings, each sentence once with all of which it was said. */
class Remarks {
  readonly #of = new Map<string, string[]>()

  add(remark: string, id: string): void {
    this.#of.set(remark, [...(this.#of.get(remark) ?? []), id])
  }

  sentences(): string[] {
    return [...this.#of].map(([remark, ids]) => `${shownNames(ids)}: ${remark}`)
  }
}

/** @throws what is no refusal of the reader */
function refusalOf(error: unknown): GalvaniError {
  if (error instanceof GalvaniError) return error
  throw error
}

/** A file of another kind, as lie in every folder; others should have been recordings. */
const isNone = ({ facts }: GalvaniError): boolean => facts['noRecording'] === true

/** @throws FormatError where no file can be read, with the reason of the first that looks like a recording, or `noRecording` where none does */
async function requireOne(
  paths: readonly string[],
  read: (path: string) => Promise<Recording[]>,
  name: string,
): Promise<void> {
  let reason: GalvaniError | undefined
  for (const path of paths) {
    const found = await read(path).catch((error: unknown) => refusalOf(error))
    if (!(found instanceof GalvaniError)) return
    if (!isNone(found)) reason ??= found
  }
  throw new FormatError(
    `${name} is of no dataset that is known, and none of its recordings can be read: ${reason?.message ?? 'there are none'}`,
    { noRecording: reason === undefined },
  )
}

const withoutName = (message: string, source: string): string =>
  message.startsWith(source) ? message.slice(source.length).replace(/^:? ?/, '') : message

/** The path without its ending, unless another one differs in that alone. */
function idsOf(paths: readonly string[]): string[] {
  const stems = paths.map((path) => path.replace(ENDING, '').replaceAll('/', '_'))
  const isShared = (stem: string): boolean => stems.indexOf(stem) !== stems.lastIndexOf(stem)
  return stems.map((stem, i) => (isShared(stem) ? paths[i]!.replaceAll('/', '_') : stem))
}

/** The id, with a number where there is one already: `a` of two recordings, and a file `a_1`. */
function unused(id: string, used: Set<string>): string {
  let free = id
  for (let i = 2; used.has(free); i++) free = `${id}_${i}`
  used.add(free)
  return free
}

/** Of BIDS the person's entity; else the outermost folder, or the name of a file that lies in none. */
function subjectOf(path: string): string {
  const [first] = path.split('/') as [string]
  return BIDS_SUBJECT.exec(path)?.[1] ?? (folderOf(path) === '' ? first.replace(ENDING, '') : first)
}

function trialOf(
  { sampleRate, eda, unit = 'µS', source, part }: Recording,
  { id, subject }: Pick<Trial, 'id' | 'subject'>,
): Trial {
  return {
    id,
    subject,
    stimulus: id,
    sampleRate,
    eda,
    unit: unit === 'µS' ? 'uS' : 'unknown',
    dataset: 'recordings',
    baselineSeconds: 0,
    columns: part === undefined ? {} : { part },
    source,
  }
}
