// What the values of a grid's file may be, by name: JSON has types, and a slip in one must not be read as something else.
import { nameOf } from '../runtime/arguments.ts'
import type { RunSettings } from '../train/defaults.ts'

const KINDS = {
  text: { is: (value: unknown) => typeof value === 'string', words: 'a text' },
  number: { is: (value: unknown) => typeof value === 'number', words: 'a number' },
  true: { is: (value: unknown) => value === true, words: 'true, or no such setting' },
  texts: {
    is: (value: unknown) => Array.isArray(value) && value.every((of) => typeof of === 'string'),
    words: 'a list of texts',
  },
  object: {
    is: (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value),
    words: 'an object',
  },
} as const
export type ValueKind = keyof typeof KINDS

/** Of the settings that a row may have. */
export const SETTING_KINDS: Readonly<Partial<Record<keyof RunSettings, ValueKind>>> = {
  ...{ labels: 'text', folds: 'text', init: 'text', preset: 'text', choice: 'text', classWeights: 'text' },
  ...{ validation: 'number', share: 'number', width: 'number', learningRate: 'number', decay: 'number' },
  ...{ decayEpochs: 'number', epochs: 'number', batch: 'number', patience: 'number', stratify: 'true' },
  ...{ signals: 'texts', freeze: 'texts', optimizer: 'object', model: 'object' },
}

/** Has `refuse` say of the first value that is of another kind what it is, and what it should be; those that are absent are none. */
export function requireKinds<T extends object>(
  values: T,
  kinds: Readonly<Partial<Record<keyof T, ValueKind>>>,
  refuse: (what: string) => never,
  at = '',
): void {
  for (const [name, kind] of Object.entries(kinds) as [keyof T & string, ValueKind][]) {
    const { is, words } = KINDS[kind]
    if (values[name] !== undefined && !is(values[name]))
      refuse(`${at}${name} is ${nameOf(values[name])}, expected ${words}`)
  }
}
