// Keeps two lines off stderr that Dawn prints, from native code, whenever it looks at one of Mesa's Vulkan adapters.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** They tell of a limit that galvani has no use for, and Dawn has no setting that leaves them out. */
const LINES =
  '/^Warning: maxDynamic[A-Za-z]*BuffersPerPipelineLayout artificially reduced from [0-9]* to [0-9]* to fit dynamic offset allocation limit\\.$/d'

const STDERR = 2
const O_CLOEXEC = 0o2000000 // Linux's
/** Milliseconds; only a program that another thread started in that very moment can hold the filter open for longer. */
const LONGEST_WAIT = 2000

/** What Node lacks: to let one file descriptor stand for another, and a lock that is shared by all threads of the process. */
interface Descriptors {
  /** Lets `to` stand for what `from` stands for, in one step; negative where it cannot. */
  dup3: (from: number, to: number, flags: number) => number
  /** Fills in a new pipe's end to read and its end to write; negative where it cannot. */
  pipe2: (ends: [number, number], flags: number) => number
  /** Not Node's: that one warns, in a worker, of what it did not open itself. */
  close: (descriptor: number) => void
  lock: () => void
  unlock: () => void
}

interface Filter {
  /** What is written here goes to stderr, without those lines. */
  input: number
  /** Resolves once `input` is closed and all of it has been passed on. */
  ended: Promise<void>
}

/**
 * Runs `work` with those lines left out of what native code writes to stderr in its course; all else gets there, through `sed`: a
 * process of its own, so that a driver's last words are heard even where it takes this process down. Without `sed` or the
 * package `koffi`, and on other systems than Linux, `work` runs as it is.
 */
export async function withoutLimitWarnings<T>(work: () => T): Promise<Awaited<T>> {
  const descriptors = process.platform === 'linux' ? await openDescriptors() : undefined
  const filter = descriptors && startFilter(descriptors)
  if (!descriptors || !filter) return await work()
  let result: T
  try {
    result = withStderr(filter.input, work, descriptors)
  } finally {
    descriptors.close(filter.input)
  }
  await Promise.allSettled([result, filter.ended]) // so that what comes next is written next
  return await result
}

async function openDescriptors(): Promise<Descriptors | undefined> {
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    // The C library's lock of `stdin`: it is there in every process, for all threads, and nothing else in Node has a use for it.
    const stdin = koffi.decode(libc.symbol('stdin'), 'void *') as unknown
    const [flockfile, funlockfile] = ['flockfile', 'funlockfile'].map((name) => libc.func(`void ${name}(void *)`))
    return {
      dup3: libc.func('int dup3(int, int, int)') as Descriptors['dup3'],
      pipe2: libc.func('int pipe2(_Out_ int *, int)') as Descriptors['pipe2'],
      close: libc.func('int close(int)') as Descriptors['close'],
      lock: () => void flockfile?.(stdin),
      unlock: () => void funlockfile?.(stdin),
    }
  } catch {
    return undefined // the package is optional
  }
}

function startFilter({ pipe2, close }: Descriptors): Filter | undefined {
  const ends: [number, number] = [-1, -1]
  if (pipe2(ends, O_CLOEXEC) < 0) return undefined
  const [output, input] = ends
  const ended = startSed(output)
  close(output)
  if (!ended) close(input)
  return ended && { input, ended }
}

/** In a session of its own, which Ctrl-C does not reach: it ends when its input does. Undefined where there is no `sed`. */
function startSed(input: number): Promise<void> | undefined {
  try {
    const sed = spawn('sed', [LINES], {
      stdio: [input, STDERR, 'ignore'],
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
    })
    const ended = new Promise<void>((resolve) => {
      const waited = setTimeout(() => resolve(sed.unref()), LONGEST_WAIT)
      const end = () => resolve(clearTimeout(waited))
      sed.on('error', end)
      sed.on('exit', end)
    })
    return sed.pid === undefined ? undefined : ended
  } catch {
    return undefined // this process may not start others
  }
}

/** Runs `work` while stderr is another descriptor. One thread at a time, or a thread would put another's stand-in back. */
function withStderr<T>(other: number, work: () => T, { dup3, lock, unlock }: Descriptors): T {
  const own = openSync('/dev/null', 'r') // a number for stderr's own descriptor meanwhile
  lock()
  try {
    if (dup3(STDERR, own, O_CLOEXEC) < 0 || dup3(other, STDERR, 0) < 0) return work()
    try {
      return work()
    } finally {
      while (dup3(own, STDERR, 0) < 0); // a signal or another thread's open() got in between: at once again
    }
  } finally {
    unlock()
    closeSync(own)
  }
}
