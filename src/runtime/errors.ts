// Every error class of galvani. A message is one sentence: where, what is, what was expected, what to do. Each says its name itself:
// minifiers rename classes.

/** Base of all errors a user can meet; `exitCode` is what the command line returns for it. */
export class GalvaniError extends Error {
  override readonly name: string = 'GalvaniError'
  readonly code: string = 'failed'
  readonly exitCode: number = 1
  constructor(
    message: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(message)
  }
}

/** A caller passed tensors whose shapes, dtypes or settings do not fit together. */
export class ShapeError extends GalvaniError {
  override readonly name: string = 'ShapeError'
  override readonly code = 'shape'
}

/** Wrong command line or option value. */
export class UsageError extends GalvaniError {
  override readonly name: string = 'UsageError'
  override readonly code = 'usage'
  override readonly exitCode = 2
}

/** A file or array that does not hold what it should; names the file, line or tensor. */
export class FormatError extends GalvaniError {
  override readonly name: string = 'FormatError'
  override readonly code = 'format'
  override readonly exitCode = 3
}

/** A file that cannot be written or deleted: a full disk, a folder without the permission. */
export class StorageError extends GalvaniError {
  override readonly name: string = 'StorageError'
  override readonly code = 'storage'
}

/** No adapter, or the adapter refused what was asked of it. */
export class DeviceError extends GalvaniError {
  override readonly name: string = 'DeviceError'
  override readonly code: string = 'device'
  override readonly exitCode = 4
}

/** A tensor is larger than this device allows. */
export class LimitError extends DeviceError {
  override readonly name: string = 'LimitError'
  override readonly code = 'limit'
}

/** The device went away while it was in use. */
export class DeviceLostError extends DeviceError {
  override readonly name: string = 'DeviceLostError'
  override readonly code = 'device-lost'
}

/** A computed value is not finite. */
export class NumericError extends GalvaniError {
  override readonly name: string = 'NumericError'
  override readonly code = 'numeric'
}

/** A check (verify, a fixture case) did not hold. */
export class CheckError extends GalvaniError {
  override readonly name: string = 'CheckError'
  override readonly code = 'check'
  override readonly exitCode = 5
}
