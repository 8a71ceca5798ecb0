// A folder of the file system that one process at a time works in. A claim is a file, lock-N.json, that names its process. It is made only
// where there is none of that number, and holds if no other claim of a process that may be there is seen after it was made: of two
// processes at least one sees the other. What a process that is gone has left is passed over, and removed by the next one to hold.
import { constants, copyFile, link, mkdir, open, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatDocument, parseDocument, toDocument } from '../formats/documents.ts'
import { FormatError, StorageError } from '../runtime/errors.ts'
import { PATIENCE, type Holder, type Lock } from './lock.ts'
import { isThere, thisProcess, type ProcessIdentity } from './node_process.ts'

/** Milliseconds after which a process says again that it is there. */
const BEAT = 20_000

const CLAIM = /^lock-(\d+)\.json$/

let made = 0

/** Makes a folder this process's own, or says whose it is. */
export async function lockFolder(folder: string): Promise<Lock | Holder> {
  const isNew = (await mkdir(folder, { recursive: true })) !== undefined
  const text = formatDocument(toDocument('folder-lock', await thisProcess()))
  const aside = join(folder, `lock.${process.pid}-${made++}.tmp`)
  await writeFile(aside, text)
  try {
    // By the clock of the file system, whatever those of the machines say.
    const now = (await stat(aside)).mtimeMs
    for (;;) {
      const before = await claimsIn(folder)
      const holder = await firstThere(before, now)
      if (holder) return holder
      const number = 1 + before.reduce((most, { number }) => Math.max(most, number), 0)
      const file = join(folder, `lock-${number}.json`)
      if (!(await makeNew(aside, file))) continue
      const others = (await claimsIn(folder)).filter((claim) => claim.file !== file)
      const other = await firstThere(others, now)
      if (other) {
        await rm(file, { force: true })
        return other
      }
      for (const { file: left } of others) await rm(left, { force: true })
      return held(file, text, isNew ? folder : undefined)
    }
  } finally {
    await rm(aside, { force: true })
  }
}

interface Claim {
  number: number
  file: string
  /** Undefined for a file that was cut short. */
  by: ProcessIdentity | undefined
  /** When it was last written. */
  time: number
}

async function claimsIn(folder: string): Promise<Claim[]> {
  const claims: Claim[] = []
  for (const name of await readdir(folder)) {
    const number = CLAIM.exec(name)?.[1]
    if (number === undefined) continue
    const file = join(folder, name)
    try {
      const { mtimeMs: time } = await stat(file)
      claims.push({ number: Number(number), file, by: identityIn(await readFile(file, 'utf8'), file), time })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error // let go of meanwhile
    }
  }
  return claims
}

function identityIn(text: string, file: string): ProcessIdentity | undefined {
  try {
    return parseDocument('folder-lock', text, file) as unknown as ProcessIdentity
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}

/** The first claim of a process that is there, or that may be there and spoke not long ago. */
async function firstThere(claims: readonly Claim[], now: number): Promise<Holder | undefined> {
  for (const { by, time } of claims) {
    const isSeen = by && (await isThere(by))
    const silence = Math.max(0, now - time) / 1000
    if (isSeen === true || (isSeen === undefined && silence < PATIENCE))
      return { host: by?.host, pid: by?.pid, isSeen: isSeen === true, silence }
  }
  return undefined
}

/** File systems without links say so in one of these. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** Whether a file came to be that was not there, as a whole where the file system has links. */
async function makeNew(from: string, file: string): Promise<boolean> {
  try {
    await link(from, file).catch((error: NodeJS.ErrnoException) => {
      if (!NO_LINKS.includes(error.code ?? '')) throw error
      return copyFile(from, file, constants.COPYFILE_EXCL)
    })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** @param made a folder that is removed again if nothing was written into it */
function held(file: string, text: string, made: string | undefined): Lock {
  const lost = new AbortController()
  const beat = setInterval(() => {
    sayAgain(file, text).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT')
        lost.abort(new StorageError(`${file}: another process took this one for gone and works in its folder now`))
    })
  }, BEAT)
  beat.unref()
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(beat)
      await rm(file, { force: true })
      if (made !== undefined) await rmdir(made).catch(() => undefined)
    },
  }
}

/** The same bytes once more, in the same file and in no new one. */
async function sayAgain(file: string, text: string): Promise<void> {
  const claim = await open(file, 'r+')
  try {
    await claim.writeFile(text)
  } finally {
    await claim.close()
  }
}
