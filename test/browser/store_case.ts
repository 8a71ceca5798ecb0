// What every store must do, as a list of what was seen; in Node and in a page.
import type { Store } from '../../src/store/store.ts'

export async function exercise(store: Store): Promise<unknown[]> {
  const seen: unknown[] = []
  await store.write('run/config.json', '{"é":1}')
  await store.write('/run/./weights.bin', Uint8Array.of(0, 255, 3))
  await Promise.all([1, 2, 3].map((step) => store.append('run/events.jsonl', `{"step":${step}}`)))
  seen.push(await store.readText('run/config.json'), [...(await store.read('run/weights.bin'))])
  seen.push((await store.readText('run/events.jsonl')).split('\n').sort())
  seen.push(await store.list('run'), await store.list(''), await store.list('nowhere'))
  for (const path of ['', 'run', 'run/config.json', 'run/other.json', 'ru']) seen.push(await store.exists(path))

  await store.write('run/config.json', 'short')
  seen.push(await store.readText('run/config.json'))
  await store.remove('run/weights.bin')
  await store.remove('run/weights.bin')
  seen.push(await store.list('run'))
  seen.push(await store.read('run/weights.bin').catch((error: Error) => `${error.name}: ${error.message}`))

  const bytes = Uint8Array.of(1, 2)
  await store.write('copied', bytes)
  bytes[0] = 9
  ;(await store.read('copied'))[1] = 9
  seen.push([...(await store.read('copied'))])
  return seen
}
