// XDF files in bytes, by the published format.

export const le = (value: number | bigint, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n))
export const double = (value: number) => [...new Uint8Array(Float64Array.of(value).buffer)]
export const ascii = (text: string) => [...new TextEncoder().encode(text)]
/** What a chunk of a boundary holds. */
export const BOUNDARY = [0x43, 0xa5, 0x46, 0xdc, 0xcb, 0xf5, 0x41, 0x0f, 0xb3, 0x0e, 0xd5, 0x46, 0x73, 0x83, 0xcb, 0xe4]
export const chunk = (tag: number, content: number[] | Uint8Array, lengthBytes = 4) => [
  Uint8Array.of(lengthBytes, ...le(content.length + 2, lengthBytes), ...le(tag, 2)),
  Uint8Array.from(content),
]
/** The header of a stream; `said` is what else it says of itself. */
export const stream = (id: number, format: string, channels: number, rate: number, said = '<name>s</name>') =>
  chunk(2, [
    ...le(id, 4),
    ...ascii(
      `<info>${said}<channel_count>${channels}</channel_count><nominal_srate>${rate}</nominal_srate>` +
        `<channel_format>${format}</channel_format></info>`,
    ),
  ])
export const file = (...chunks: Uint8Array[][]) =>
  new Uint8Array(Buffer.concat([Buffer.from('XDF:'), ...chunks.flat()]))
