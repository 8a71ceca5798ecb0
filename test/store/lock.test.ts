// Folders that one process at a time works in: who is let in, who is named, and what a process that is gone leaves behind.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { StorageError } from '../../src/runtime/errors.ts'
import { alone } from '../../src/store/alone.ts'
import { holderName, PATIENCE, type Holder, type Lock } from '../../src/store/lock.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { NodeStore } from '../../src/store/node.ts'
import { lockFolder } from '../../src/store/node_lock.ts'
import { isThere, thisProcess } from '../../src/store/node_process.ts'
import { within } from '../../src/store/within.ts'

let root = ''
let folder = ''
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'galvani-lock-'))
})
beforeEach(() => {
  folder = join(root, String(count++))
})
afterAll(async () => rm(root, { recursive: true }))

const isLock = (got: Lock | Holder): got is Lock => 'release' in got
async function lock(): Promise<Lock> {
  const got = await lockFolder(folder)
  if (!isLock(got)) throw new Error(`${holderName(got)} has it`)
  return got
}

/** The claim of another process, last written so long ago. */
async function claimOf(change: Partial<Awaited<ReturnType<typeof thisProcess>>>, silence = 0): Promise<string> {
  await (await lock()).release()
  const own = await lock()
  const [name] = await readdir(folder)
  const file = join(folder, name!)
  const text = await readFile(file, 'utf8')
  await own.release()
  await new NodeStore(folder).write(name!, JSON.stringify({ ...(JSON.parse(text) as object), ...change }))
  const then = Date.now() / 1000 - silence
  await utimes(file, then, then)
  return file
}

/** A process that has ended, whose number may soon be another's. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid!
}

describe('a folder that is locked', () => {
  it('is one process’s own until it lets go, and names it to others', async () => {
    const own = await lock()
    const other = await lockFolder(folder)
    expect(isLock(other) ? '' : holderName(other)).toBe(`process ${process.pid} of this machine`)
    await own.release()
    // It was made for this alone.
    await expect(readdir(folder)).rejects.toThrow(/ENOENT/)
    await (await lock()).release()
  })

  it('goes to one of many that ask at once, with nothing left of the others', async () => {
    const got = await Promise.all(Array.from({ length: 20 }, () => lockFolder(folder)))
    const locks = got.filter(isLock)
    expect(locks).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['lock-1.json'])
    await locks[0]!.release()
    await (await lock()).release()
  })

  it('goes to one of many where a process that is gone had it', async () => {
    const left = await claimOf({ pid: await endedPid(), started: '1' })
    const got = await Promise.all(Array.from({ length: 20 }, () => lockFolder(folder)))
    expect(got.filter(isLock)).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['lock-2.json'])
    expect(left.endsWith('lock-1.json')).toBe(true)
    await got.find(isLock)!.release()
  })

  it('keeps files that lie in it, and is left where it was before', async () => {
    await new NodeStore(folder).write('a.txt', 'a')
    await (await lock()).release()
    expect(await readdir(folder)).toEqual(['a.txt'])
    await rm(join(folder, 'a.txt'))
    await (await lock()).release()
    expect(await readdir(folder)).toEqual([])
  })

  it('is not to be had where a file lies in its place', async () => {
    await new NodeStore(root).write('file', 'x')
    await expect(new NodeStore(root).lock('file')).rejects.toThrow(StorageError)
  })
})

describe('a claim that was left', () => {
  it.each<[string, Partial<Awaited<ReturnType<typeof thisProcess>>>]>([
    ['whose number another process has now', { started: 'before' }],
    ['of no such process', { pid: 2 ** 30, started: '1' }],
  ])('%s is passed over', async (_, change) => {
    await claimOf(change)
    await (await lock()).release()
    expect(await readdir(folder)).toEqual([])
  })

  it.each<[string, Partial<Awaited<ReturnType<typeof thisProcess>>>]>([
    ['another machine', { host: 'elsewhere' }],
    ['this machine before it was started again', { place: 'before' }],
  ])('by a process of %s is known by its age alone', async (_, change) => {
    const file = await claimOf({ pid: 7, ...change }, PATIENCE / 2)
    const held = await lockFolder(folder)
    expect(isLock(held) ? '' : holderName(held)).toMatch(
      new RegExp(`^process 7 of ${change.host ?? hostname()} \\(last heard of \\d+ s ago; after 10 minutes without`),
    )
    await utimes(file, 0, 0)
    await (await lock()).release()
  })

  it('that was cut short is known by its age alone', async () => {
    const file = await claimOf({})
    await writeFile(file, '{"sch')
    const held = await lockFolder(folder)
    expect(isLock(held) ? '' : holderName(held)).toMatch(/^a process that cannot be told \(last heard of/)
    await utimes(file, 0, 0)
    await (await lock()).release()
  })
})

describe('a process', () => {
  it('is there while it is, and gone when it was killed', async () => {
    const own = await thisProcess()
    expect(await isThere(own)).toBe(true)
    const child: ChildProcess = spawn(process.execPath, ['--eval', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' })
    await once(child, 'spawn')
    const started = async (): Promise<string> => {
      const stat = await readFile(`/proc/${child.pid!}/stat`, 'utf8')
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
    }
    const other = { ...own, pid: child.pid!, started: process.platform === 'linux' ? await started() : '' }
    expect(await isThere(other)).not.toBe(false)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await isThere(other)).toBe(false)
    expect(await isThere({ ...own, host: 'elsewhere' })).toBeUndefined()
  })
})

describe('alone', () => {
  it('waits for whoever has the folder, says so once, and lets go of it after an error too', async () => {
    const own = await lock()
    const heard: Holder[] = []
    const store = new NodeStore(root)
    const inside = within(store, String(count - 1))
    const order: string[] = []
    const work = alone(inside, '', async () => void order.push('worked'), {
      onHeld: (holder) => {
        heard.push(holder)
        order.push('held')
        void own.release()
      },
    })
    await work
    expect(order).toEqual(['held', 'worked'])
    expect(heard.map(({ pid }) => pid)).toEqual([process.pid])
    await expect(alone(inside, '', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    await (await lock()).release()
  })

  it('is stopped while it waits', async () => {
    const own = await lock()
    const stop = new AbortController()
    const reason = new Error('enough')
    const work = alone(new NodeStore(folder), '', () => Promise.resolve(), {
      signal: stop.signal,
      onHeld: () => stop.abort(reason),
    })
    await expect(work).rejects.toBe(reason)
    await own.release()
  })

  it('works at once in a store that cannot tell', async () => {
    const store = within(new MemoryStore(), 'a')
    expect('lock' in store).toBe(false)
    expect(await alone(store, '', () => Promise.resolve(3))).toBe(3)
  })
})
