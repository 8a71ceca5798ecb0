// The encoding of text, told from its bytes; and whether bytes are text at all.

/** Share of bytes that may be control characters no text has: a logger that was unplugged leaves one or two. */
const MOST_CONTROLS = 0.01
/** Share of characters from which on zeros in one place of two are those of UTF-16, and up to which none are. */
const [LEAST_ZEROS, MOST_ZEROS] = [0.3, 0.02]

/**
 * The encoding of a text that begins so; undefined for bytes that are no text. In order: a byte order mark; zeros in every other place
 * (UTF-16); valid UTF-8; the double bytes of Chinese and Japanese, and Cyrillic words, by what those letters look like; Windows-1252.
 */
export function encodingOf(head: Uint8Array): string | undefined {
  const [a, b, c] = head
  if (a === 0xff && b === 0xfe) return 'utf-16le'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  const zeros = [0, 0]
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i & 1]!++
  const [even, odd] = zeros as [number, number]
  const half = head.length / 2
  if (odd > LEAST_ZEROS * half && even < MOST_ZEROS * half) return 'utf-16le'
  if (even > LEAST_ZEROS * half && odd < MOST_ZEROS * half) return 'utf-16be'
  if (even + odd > 0 || controls(head) > MOST_CONTROLS * head.length) return undefined
  return isValid(head, 'utf-8') ? 'utf-8' : codePageOf(head)
}

/** Bytes that no text has. */
function controls(head: Uint8Array): number {
  let count = 0
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 26 && byte !== 27)) count++
  return count
}

/** A character may be cut off at the end. */
function isValid(head: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** Chinese in GB 2312: pairs of high bytes, nearly all of them among its more common characters or its punctuation. */
const CHINESE = /^(?:[\xa1-\xa9\xb0-\xd7][\xa1-\xfe])+$/
/** A word of Cyrillic letters in Windows-1251. In the languages of Windows-1252 unaccented letters stand between. */
const CYRILLIC = /^[\xa8\xb8\xc0-\xff]{3,}$/
/** Leading bytes of Shift JIS, which in Windows-1252 are quotation marks and dashes, or nothing. */
const JAPANESE = /[\x81-\x9f][\x40-\xfc]/g

function codePageOf(head: Uint8Array): string {
  // The last character may be cut off.
  const text = Array.from(head, (byte) => String.fromCharCode(byte))
    .join('')
    .replace(/[\x80-\xff]+$/, '')
  const runs = text.match(/[\x80-\xff]+/g) ?? []
  const pairs = text.match(JAPANESE) ?? []
  if (runs.length > 0 && runs.every((run) => CHINESE.test(run))) return 'gb18030'
  if (pairs.length > 1 && pairs.join('').length >= 0.8 * runs.join('').length && isValid(head, 'shift_jis'))
    return 'shift_jis'
  return runs.some((run) => CYRILLIC.test(run)) ? 'windows-1251' : 'windows-1252'
}
