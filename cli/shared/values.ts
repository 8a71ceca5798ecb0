import { UsageError } from '../../src/runtime/errors.ts'

/** A parser of an option's value. @throws UsageError naming the option */
export const integer =
  (option: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value))
      throw new UsageError(`${option} is '${text}', expected an integer`)
    return value
  }

export const real =
  (option: string) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`${option} is '${text}', expected a number`)
    return value
  }

/** A positive number. */
export const positive =
  (option: string) =>
  (text: string): number => {
    const value = real(option)(text)
    if (value <= 0) throw new UsageError(`${option} is '${text}', expected a positive number`)
    return value
  }

/** A positive number, also as a fraction such as 1/8. */
export const factor =
  (option: string) =>
  (text: string): number => {
    const [, above, below] = /^\s*(\d+)\s*\/\s*(\d+)\s*$/.exec(text) ?? []
    const value = below === undefined ? Number(text.trim() || NaN) : Number(above) / Number(below)
    if (!(value > 0 && value < Infinity))
      throw new UsageError(`${option} is '${text}', expected a positive number or a fraction such as 1/8`)
    return value
  }

/** One of a few words. */
export const oneOf =
  <T extends string>(option: string, choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text)
    if (!found) throw new UsageError(`${option} is '${text}', expected ${choices.join(', ')}`)
    return found
  }

/** The settings that have a value. */
export const given = <T extends object>(settings: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
