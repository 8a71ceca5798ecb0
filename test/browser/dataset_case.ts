// What the readers of datasets make of folders of files, as text, in Node and in a page.
import { openDataset } from '../../src/datasets/open_dataset.ts'
import { GalvaniError } from '../../src/runtime/errors.ts'
import { MemoryStore } from '../../src/store/memory.ts'

/** Contents in base64 by path, by folder. */
export type Folders = Readonly<Record<string, Readonly<Record<string, string>>>>

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

/** All that is read, or the message of the refusal, by folder. */
export async function readFolders(folders: Folders): Promise<Record<string, string[]>> {
  const seen: Record<string, string[]> = {}
  for (const [folder, files] of Object.entries(folders)) {
    const contents = Object.entries(files).map(([path, base64]) => [path, bytesOf(base64)] as const)
    seen[folder] = await linesOf(new MemoryStore(Object.fromEntries(contents)))
  }
  return seen
}

async function linesOf(store: MemoryStore): Promise<string[]> {
  try {
    const opened = await openDataset(store, { resample: false })
    const lines = [`${opened.kind} ${opened.expected}`]
    for await (const { eda, ...trial } of opened.trials()) lines.push(`${JSON.stringify(trial)} ${eda.join(' ')}`)
    return [...lines, ...opened.notes, ...opened.skipped.map((one) => JSON.stringify(one))]
  } catch (error) {
    if (!(error instanceof GalvaniError)) throw error
    return [`${error.name}: ${error.message}`]
  }
}
