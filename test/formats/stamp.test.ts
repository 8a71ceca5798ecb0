// Dates and times as people and programs write the same moment: 17 May 2024, 09:41:07.25.
import { describe, expect, it } from 'vitest'
import { isStamp, parseLoneStamp, parseStamp } from '../../src/formats/stamp.ts'

const at = (text: string): string => {
  const stamp = parseStamp(text, 'day-first')
  return stamp ? new Date(stamp.wallMs).toISOString().slice(0, -1) + stamp.zone : 'none'
}

describe('a stamp', () => {
  it.each([
    ['2024-05-17T09:41:07.25', ''],
    ['2024-05-17 09:41:07,250', ''],
    ['2024-5-17 9:41:7.25', ''],
    ['2024/05/17 09:41:07.250 +0200', '+02:00'],
    ['2024-05-17T09:41:07.250+02:00[Europe/Berlin]', '+02:00'],
    ['2024-05-17 09:41:07.250 UTC', 'Z'],
    ['20240517T094107.25Z', 'Z'],
    ['20240517 09:41:07.250', ''],
    ['20240517094107250', ''],
    ['20240517_094107.25', ''],
    ['17.05.2024 09:41:07:250', ''],
    ['17-May-2024 09:41:07.250', ''],
    ['17. Mai 2024 09:41:07,250', ''],
    ['17 mag 2024 09:41:07.25', ''],
    ['17 de-Mayo', 'none'],
    ['17-máj-2024 09:41:07.25', ''],
    ['May 17, 2024 09:41:07.25 AM', ''],
    ['Fri 17 May 2024 09:41:07.250', ''],
    ['Fri May 17 09:41:07.250 2024', ''],
    ['vendredi 17 mai 2024 09:41:07,25', ''],
    ['2024年05月17日 09:41:07.25', ''],
    ['2024年5月17日 上午 9:41:07.25', ''],
    ['2024-05-17 09时41分07.25秒', ''],
  ])('%s', (text, zone) => {
    expect(at(text)).toBe(zone === 'none' ? 'none' : `2024-05-17T09:41:07.250${zone}`)
    expect(isStamp(text)).toBe(zone !== 'none')
  })

  it.each([
    ['T09:41:07.25', 34867.25],
    ['9:41:7.25 p. m.', 78067.25],
    ['0 days 00:01:07.25', 67.25],
    ['2 days 00:00:01', 172801],
    ['01:07.25', 67.25],
    ['25 sec', undefined],
    ['9:61:00', undefined],
    ['level', undefined],
    ['5.25', undefined],
  ])('without a date: %s', (text, seconds) => {
    expect(parseStamp(text, 'day-first')?.utcSeconds).toBe(seconds)
  })

  it('alone may leave open which number is the day', () => {
    const open = (text: string) => [at(text).slice(0, 10), parseLoneStamp(text)?.isOpen]
    expect(open('03/04/2024 10:00:00')).toEqual(['2024-04-03', true])
    expect(open('04/04/2024 10:00:00')).toEqual(['2024-04-04', false])
    expect(open('2024-04-03 10:00:00')).toEqual(['2024-04-03', false])
    expect(new Date(parseLoneStamp('5/17/2024 09:41')!.wallMs).toISOString()).toBe('2024-05-17T09:41:00.000Z')
    expect(isStamp('0.25 sec')).toBe(true)
    expect(isStamp('0.25 S')).toBe(false)
  })
})
