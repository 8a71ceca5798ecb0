type Part = string | Uint8Array | Float32Array | Float64Array

/** SHA-256 of a list of texts and arrays in their order, hexadecimal. */
export async function digest(parts: readonly Part[]): Promise<string> {
  const each = await Promise.all(parts.map(sha256))
  return sha256(each.join())
}

/** SHA-256 of one of them, as other programs compute it. */
export async function sha256(part: Part): Promise<string> {
  const bytes =
    typeof part === 'string'
      ? new TextEncoder().encode(part)
      : new Uint8Array(part.buffer as ArrayBuffer, part.byteOffset, part.byteLength)
  const hash = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
