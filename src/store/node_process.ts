// Which process of which machine: what tells a process that is there from one that ended and whose number another one has.
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

/** A process as others may look for it. */
export interface ProcessIdentity {
  host: string
  /** Where its number means something: one start of one machine and one space of processes; empty where that is not told. */
  place: string
  pid: number
  /** Of this place, since it started; empty where that is not told. */
  started: string
}

/** This one. */
export async function thisProcess(): Promise<ProcessIdentity> {
  const { pid } = process
  return { host: hostname(), place: await placeHere(), pid, started: (await startOf(pid)) ?? '' }
}

/** Two containers may have one name and numbers of their own; two starts of a machine have one name. */
async function placeHere(): Promise<string> {
  const told = [readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')]
  return Promise.all(told).then(
    (parts) => parts.map((part) => part.trim()).join(' '),
    () => '',
  )
}

/** When a process of this place started, in its system's units; undefined where there is none, or one that has ended. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return undefined
  // After the program's name, which may hold anything: state, and as the twentieth field its start.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : fields[18]
}

/** Whether a process is there; undefined where this one cannot tell. */
export async function isThere({ host, place, pid, started }: ProcessIdentity): Promise<boolean | undefined> {
  const here = await placeHere()
  if (host !== hostname() || place !== here) return undefined
  if (here !== '') return (await startOf(pid)) === started
  // Without its start another process may have its number: only that there is none is certain.
  return isNumberInUse(pid) ? undefined : false
}

function isNumberInUse(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
