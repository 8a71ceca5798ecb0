// The encoding of a text by its bytes; the bytes of each word were written by Python's codecs.
import { describe, expect, it } from 'vitest'
import { encodingOf } from '../../src/formats/encoding.ts'
import { kindOf } from '../../src/formats/magic.ts'

/** A table under a header of these bytes, in hexadecimal. */
const headed = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from('\r\n0,5.1\r\n0.25,5.2\r\n')]))

describe('the encoding of text', () => {
  it.each([
    ['gb18030', 'cab1bce42cc6a4b5e7', '时间,皮电'],
    ['gb18030', 'cab1bce4287329bbf2a3ba', '时间(s)或：'],
    ['shift_jis', '8e9e8ad42c94e79586', '時間,皮膚'],
    ['windows-1251', 'c2f0e5ecff2ccac3d0', 'Время,КГР'],
    ['windows-1252', '5a6569742c4c65697466e46869676b656974', 'Zeit,Leitfähigkeit'],
    ['windows-1252', '45646120b553', 'Eda µS'],
    ['windows-1252', '4964f52c42f572', 'Idő,Bőr, which Windows-1250 writes so'],
  ])('is %s for %s', (encoding, hex) => {
    expect(encodingOf(headed(hex))).toBe(encoding)
  })

  it('is told by the same rules that tell text from other bytes', () => {
    const table = Buffer.from('time,eda\n'.repeat(100))
    const cases = [
      [table, 'utf-8'],
      [Buffer.from('Время;EDA\n0;1\n', 'utf16le'), 'utf-16le'],
      [Buffer.from('Время;EDA\n0;1\n', 'utf16le').swap16(), 'utf-16be'],
      // A control character that a serial line left.
      [Buffer.concat([table, Buffer.from([3]), table]), 'utf-8'],
      [Buffer.from([1, 2, 3, 4, 5]), undefined],
      [Buffer.concat([table, Buffer.from([0]), table]), undefined],
    ] as const
    for (const [bytes, encoding] of cases) {
      expect(encodingOf(bytes)).toBe(encoding)
      expect(kindOf(bytes)).toBe(encoding === undefined ? 'binary' : 'text')
    }
  })
})
