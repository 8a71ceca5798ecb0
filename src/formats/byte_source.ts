// What a parser of a large file asks of it: any stretch of its bytes, at any time.

export interface ByteSource {
  /** What messages call it. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Bytes [start, end), fewer where the file ends. */
  read(start: number, end: number): Promise<Uint8Array>
}
