// A folder that one process at a time works in.

/** A folder is this process's own until it lets go of it, or ends in whatever way. */
export interface Lock {
  /** Aborted where another process took this one for gone and has the folder now. */
  lost: AbortSignal
  release(): Promise<void>
}

/** Who works in a folder. */
export interface Holder {
  /** Of the machine; undefined where the file that says so cannot be read. */
  host: string | undefined
  pid: number | undefined
  /** It was seen to be there: a process of this machine. Of any other only its age is known. */
  isSeen: boolean
  /** Seconds since it last said that it is there. */
  silence: number
}

/** After so long without a word a process that nobody here can see counts as gone, s. */
export const PATIENCE = 600

/** Who that is, as a part of a sentence. */
export function holderName({ host, pid, isSeen, silence }: Holder): string {
  if (isSeen) return `process ${pid!} of this machine`
  const who = host === undefined ? 'a process that cannot be told' : `process ${pid!} of ${host}`
  return `${who} (last heard of ${Math.round(silence)} s ago; after ${PATIENCE / 60} minutes without a word it counts as gone)`
}
