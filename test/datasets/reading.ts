// A dataset in memory, read to its end, or how it is refused.
import type { OpenOptions } from '../../src/datasets/layout.ts'
import { openDataset } from '../../src/datasets/open_dataset.ts'
import type { Trial } from '../../src/datasets/trial.ts'
import { MemoryStore } from '../../src/store/memory.ts'

export type Files = Record<string, string | Uint8Array>

export async function read(files: Files, options: OpenOptions = {}) {
  const opened = await openDataset(new MemoryStore(files), options)
  const trials: Trial[] = []
  for await (const trial of opened.trials()) trials.push(trial)
  return { ...opened, trials }
}
export const refusal = async (files: Files, options: OpenOptions = {}) =>
  await read(files, options).then(
    () => 'was read',
    (error: Error) => `${error.name}: ${error.message}`,
  )
