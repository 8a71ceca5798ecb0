// The options of `galvani music`.
import { mkdirSync, writeFileSync } from 'node:fs'
import { sine, wavOf } from '../../support/sounds.ts'
import { DOCUMENTS, isQuiet, path, type Checks } from './start.ts'

const MUSIC = 'test/cli/music.test.ts'

function builtin(): string[] {
  mkdirSync(path('songs'), { recursive: true })
  writeFileSync(path('songs', 'a.wav'), wavOf([sine(440, 2, 8000)]))
  return ['music', path('songs'), '--out', path('music.csv'), '--builtin', '--resume']
}

export const musicChecks: Checks = {
  'music --out': MUSIC,
  'music --config': MUSIC,
  'music --smilextract': MUSIC,
  'music --builtin': MUSIC,
  'music --jobs': MUSIC,
  'music --resume': MUSIC,
  'music --json': DOCUMENTS,
  'music --quiet': isQuiet(builtin),
}
