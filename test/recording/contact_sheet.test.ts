import { describe, expect, it } from 'vitest'
import { contactSheet, thumbnail } from '../../src/recording/contact_sheet.ts'
import { vertices } from '../charts/marks.ts'

describe('the contact sheet', () => {
  const wave = Float64Array.from({ length: 50_000 }, (_, i) =>
    i > 20_000 && i < 21_000 ? NaN : Math.sin(i / 900) + 0.1 * Math.sin(i * 7),
  )

  it('has a thumbnail of a few kilobytes, with a gap and a tick for each response', () => {
    const picture = thumbnail(
      wave,
      wave.map(() => -50),
      [100, 25_000, 49_999],
    )
    expect(picture.length).toBeLessThan(8_000)
    expect(picture).not.toContain('NaN')
    const [tonic, signal, ticks] = [...picture.matchAll(/<path d="([^"]*)"/g)].map(([, d]) => d!)
    expect(signal?.match(/M/g)).toHaveLength(2)
    expect(ticks?.match(/M/g)).toHaveLength(3)
    for (const points of [tonic, signal]) {
      for (const [x, y] of vertices(points!)) {
        expect(x).toBeGreaterThanOrEqual(1)
        expect(x).toBeLessThanOrEqual(159)
        expect(y).toBeGreaterThanOrEqual(1)
        expect(y).toBeLessThanOrEqual(41)
      }
    }
    const heights = vertices(signal!).map(([, y]) => y!)
    expect([Math.min(...heights), Math.max(...heights)]).toEqual([2, 40])
  })

  it('lists entries as given, with links that work and nothing of their names as markup', () => {
    const page = contactSheet('a <study>', [
      {
        name: 'b #1?',
        status: 'solved',
        notes: [],
        facts: ['level 3 µS', '2 responses'],
        picture: thumbnail([1, 2], [1, 1], []),
        link: 'b #1?.svg',
      },
      { name: '<script>', status: 'refused', notes: ['x.csv: "5 s" missing'] },
    ])
    expect(page).toContain('2 recordings: 1 solved, 1 refused')
    expect(page).toContain('href="b%20%231%3F.svg"')
    expect(page).not.toMatch(/<script|<study/)
    expect(page).toContain('level 3 µS, 2 responses')
    expect(page.indexOf('b #1?')).toBeLessThan(page.indexOf('x.csv:'))
    expect(page.match(/<li>/g)).toHaveLength(2)
    expect(page).not.toMatch(/src=|https?:\/\/(?!www.w3.org)/)
  })

  it('stays light for a thousand recordings', () => {
    const picture = thumbnail(wave, wave, [5])
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      name: `r${i}`,
      status: 'solved',
      notes: [],
      picture,
      link: `r${i}.svg`,
    }))
    expect(contactSheet('all', entries).length).toBeLessThan(8e6)
  })
})
