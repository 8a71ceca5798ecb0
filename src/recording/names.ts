// What the files of a result are called: names that every file system takes, each once.

/** Bytes of a name at most, so that `.events.csv` and a name aside fit into the 255 that file systems take. */
const LONGEST = 180
/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/** The name without what a path, a shell or a file system would take for something else; cut where it is too long. */
export function safeName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ ()+=,@-]+/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  const cut = withinBytes(plain, LONGEST)
  if (cut === '') return 'recording'
  return RESERVED.test(cut) ? `${cut}_` : cut
}

function withinBytes(text: string, limit: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= limit) return text
  // Both ends of long names tell recordings apart.
  const half = Math.floor(limit / 2) - 2
  const decode = (part: Uint8Array): string => new TextDecoder().decode(part).replaceAll('\uFFFD', '')
  return `${decode(bytes.subarray(0, half))}...${decode(bytes.subarray(bytes.length - half))}`
}

/** Gives each name once: a second one becomes `name-2`. Case is no difference, as on some file systems. */
export class UniqueNames {
  readonly #taken = new Set<string>()

  take(wanted: string): string {
    const name = safeName(wanted)
    let found = name
    for (let i = 2; this.#taken.has(found.toLowerCase()); i++) found = `${name}-${i}`
    this.#taken.add(found.toLowerCase())
    return found
  }
}
