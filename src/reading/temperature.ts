// The temperature of the skin beside its conductance: which channel it is, and from which moment on.

const CELSIUS = ['°c', 'degc', 'deg c', 'c', 'celsius', 'degrees celsius', 'grad c']

/** Index of the one channel whose name and unit say a temperature in °C; nothing where none does, or several do. */
export function temperatureAmong(channels: readonly { name: string; unit: string }[]): number | undefined {
  const found = [...channels.keys()].filter((i) => {
    const { name, unit } = channels[i]!
    return /temp|^skt|hauttemp/i.test(name) && CELSIUS.includes(unit.trim().toLowerCase())
  })
  return found.length === 1 ? found[0] : undefined
}

/** What one sensor of several wrote. */
export interface SensorTrace {
  /** Unix time, s. */
  start: number
  /** Hz. */
  rate: number
  values: Float64Array
}

/** Seconds between the starts of two sensors of one session. */
const LONGEST_DELAY = 3600

/** The samples from `start` on, NaN before the first; nothing for a trace of another session. */
export function fromMoment(
  { start: own, rate, values }: SensorTrace,
  start: number,
): { sampleRate: number; values: Float64Array } | undefined {
  if (Math.abs(own - start) > LONGEST_DELAY) return undefined
  const late = Math.round((own - start) * rate)
  const length = Math.max(0, values.length + late)
  return { sampleRate: rate, values: Float64Array.from({ length }, (_, i) => values[i - late] ?? NaN) }
}
