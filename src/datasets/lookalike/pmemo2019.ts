// PMEmo as it was released in 2019: a table for each song with a column for each listener, and ratings of the songs only.

import { formatCsv } from '../../formats/csv.ts'
import { largestOf } from '../../signal/extremes.ts'
import { DIMENSIONS } from '../trial.ts'
import type { Lookalike, MadeFile, Maker, Settings } from './layout.ts'
import { pmemoTable } from './music.ts'
import {
  chorusOf,
  dynamicOf,
  featureSongs,
  fraction,
  frameCount,
  frameTime,
  makeStudy,
  metadata,
  type PmemoStudy,
  RATE,
  saidOf,
  SIZE,
  type Song,
  timesUpTo,
  traceOf,
} from './pmemo.ts'

/** PMEmo 2019. */
export const pmemo2019: Maker = {
  of: 'PMEmo 2019',
  people: { most: SIZE.subjects, usual: 12 },
  leastSeconds: 20,
  make,
}

function make(settings: Settings): Lookalike {
  const { seed, effects } = settings
  // A label is a song's here, so that songs must decide what is felt, even where only the skin is to tell it.
  const study = makeStudy(settings, Math.max(effects.eda, effects.music))
  const { songs } = study
  const rated = songs.filter(({ isRated }) => isRated)
  const statics = (of: 'mean' | 'std') => (): string =>
    formatCsv(
      ['musicId', `Arousal(${of})`, `Valence(${of})`],
      rated.map((song) => [song.id, ...DIMENSIONS.map((dimension) => fraction(saidOf(study, song, dimension)[of]))]),
    )
  const files: MadeFile[] = [
    metadata(songs, {
      album: ({ index }) => `Synthetic, Vol. ${(index % 9) + 1}`,
      duration: ({ seconds }) => seconds,
      chorus_start_time: (song) => chorusOf(song)[0],
      chorus_end_time: (song) => chorusOf(song)[1],
    }),
    { path: 'annotations/static_annotations.csv', content: statics('mean') },
    { path: 'annotations/static_annotations_std.csv', content: statics('std') },
    { path: 'annotations/dynamic_annotations.csv', content: () => dynamics(study, rated, 'means') },
    { path: 'annotations/dynamic_annotations_std.csv', content: () => dynamics(study, rated, 'stds') },
    {
      path: 'features/static_features.csv',
      content: () => pmemoTable(featureSongs(study), { seed, effect: effects.music }),
    },
    ...recordings(study),
  ]
  return {
    files,
    recordings: study.recordings,
    stimuli: songs.length,
    facts: [
      `Each of ${study.subjects.length} people heard 15 to 20 of ${songs.length} songs, recorded at 50 Hz; only the songs' mean ratings are here.`,
      `Clips of less than 15.5 s, which are not rated: ${songs.length - rated.length}. One or two songs have no recordings.`,
      'Some tables of recordings have ids with a prefix, and some a column that ends early.',
      'Only static features of the music are here: no audio, lyrics or comments.',
      'Labels are of songs, so that any music vector tells them of a song that was trained on, whatever the effect: judge music on songs never heard.',
    ],
  }
}

function dynamics(study: PmemoStudy, rated: readonly Song[], of: 'means' | 'stds'): string {
  const name = of === 'means' ? 'mean' : 'std'
  const rows = rated.flatMap((song) => {
    const values = DIMENSIONS.map((dimension) => dynamicOf(study, song, dimension)[of])
    const frames = largestOf(DIMENSIONS.map((dimension) => frameCount(song, dimension)))
    return Array.from({ length: frames }, (_, frame) => [
      song.id,
      frameTime(frame),
      ...values.map((own) => (frame < own.length ? fraction(own[frame]!) : '')),
    ])
  })
  return formatCsv(['musicId', 'frameTime', `Arousal(${name})`, `Valence(${name})`], rows)
}

function recordings(study: PmemoStudy): MadeFile[] {
  return study.songs
    .filter(({ heard }) => heard.length > 0)
    .map((song) => ({
      path: `EDA/${song.id}_EDA.csv`,
      content: () => {
        const prefix = song.index % 3 === 1 ? `${song.id}_` : ''
        const ids = song.heard.map(({ person }) => `${prefix}${study.subjects[person]!}`)
        const traces = song.heard.map((which) => traceOf(study, song, which, 0))
        const times = timesUpTo(traces[0]!.length)
        // The last listener of some songs was recorded half a second less.
        const ends = traces.map(({ length }, i) =>
          song.index % 4 === 2 && i === traces.length - 1 ? length - RATE / 2 : length,
        )
        const rows = times.map((time, i) =>
          [time, ...traces.map((trace, listener) => (i < ends[listener]! ? trace[i]!.toFixed(4) : ''))].join(','),
        )
        return `${['time(s)', ...ids].join(',')}\n${rows.join('\n')}\n`
      },
    }))
}
