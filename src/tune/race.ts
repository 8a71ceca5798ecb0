// Which of several ways is the fastest, from as few measurements as will do.

/** Samples of each way that is still in the race. */
const ROUNDS = 5
/** A way other than the default is given up once its best sample is this many times the best of all. */
const FAR_BEHIND = 2
/** Part of the default's time that another way must save, or noise would decide. */
const WORTH_SWITCHING = 0.03

/**
 * Samples of each name, taken in turns, so that a machine that slows down for a while slows all of them down. A name that is
 * far behind after a round takes part in no further one, the default excepted: one bad sample must not be all that speaks against it.
 */
export async function race(
  names: readonly string[],
  byDefault: string,
  sample: (name: string) => Promise<number>,
): Promise<Map<string, number[]>> {
  const samples = new Map(names.map((name): [string, number[]] => [name, []]))
  let running = [...names]
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of running) samples.get(name)?.push(await sample(name))
    const least = (name: string): number => Math.min(...(samples.get(name) ?? []))
    const best = Math.min(...running.map(least))
    running = running.filter((name) => name === byDefault || least(name) <= FAR_BEHIND * best)
  }
  return samples
}

/** The fastest, unless it saves too little against the default; null where nothing was measured. */
export function winner(times: ReadonlyMap<string, number>, byDefault: string): string | null {
  const [fastest] = [...times].sort(([, a], [, b]) => a - b)
  if (!fastest) return null
  const known = times.get(byDefault)
  return known !== undefined && fastest[1] > (1 - WORTH_SWITCHING) * known ? byDefault : fastest[0]
}
