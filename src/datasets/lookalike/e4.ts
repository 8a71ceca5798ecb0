// Sessions of an Empatica E4 as its site hands them out: a folder each, without any ratings.

import { usualFeeling } from '../hidden_truth.ts'
import { type Lookalike, type MadeFile, type Maker, padded, type Settings } from './layout.ts'
import { bodyOf, randomOf, skinOf } from './truth.ts'

/** Hz, of skin and temperature. */
const RATE = 4
const SECONDS = 120
/** Unix time of the first session; each later one began an hour after the one before. */
const START = 1480000000

const INFO = 'Synthetic session, made by galvani.\r\nEDA.csv: microsiemens; TEMP.csv: degrees Celsius.\r\n'

/** Folders of the Empatica E4. */
export const e4: Maker = {
  of: 'sessions of an Empatica E4',
  people: { most: 99, usual: 8 },
  leastSeconds: 10,
  make,
}

function make({ subjects, seed, effects, seconds = SECONDS }: Settings): Lookalike {
  const people = Array.from({ length: subjects }, (_, person) => ({ person, id: `synthetic_${padded(person + 1)}` }))
  const files = people.flatMap(({ person, id }): MadeFile[] => {
    const shape = { sampleRate: RATE, samples: Math.round(seconds * RATE) }
    const csv = (values: Float64Array, digits: number): string => {
      const head = [`${START + 3600 * person}.000000`, `${RATE}.000000`]
      return [...head, ...Array.from(values, (value) => value.toFixed(digits)), ''].join('\r\n')
    }
    const skin = (): string => {
      const body = bodyOf(randomOf(seed, 'listener', person))
      return csv(skinOf(body, usualFeeling(person), { seed, effect: effects.eda, person, order: 0, ...shape }), 6)
    }
    const warmth = (): string => {
      const random = randomOf(seed, 'file', person)
      return csv(
        Float64Array.from({ length: shape.samples }, () => 33 + 0.1 * random.normal()),
        2,
      )
    }
    return [
      { path: `${id}/EDA.csv`, content: skin },
      { path: `${id}/TEMP.csv`, content: warmth },
      { path: `${id}/tags.csv`, content: () => '' },
      { path: `${id}/info.txt`, content: () => INFO },
    ]
  })
  const word = (feeling: number): string => (feeling > 0 ? 'high' : 'low')
  return {
    files,
    recordings: subjects,
    stimuli: 0,
    facts: [
      `A session of ${seconds} s for each of ${subjects} people, at 4 Hz in microsiemens, with lines that end in CRLF. There are no ratings and there is no music.`,
      'TEMP.csv has the form of EDA.csv and is none.',
      ...people.map(({ person, id }) => {
        const { arousal, valence } = usualFeeling(person)
        return `${id} felt: arousal ${word(arousal)}, valence ${word(valence)}.`
      }),
    ],
  }
}
