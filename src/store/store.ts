// Where files live: a folder in Node, memory in tests and pages. Nothing else in the library touches a file system.
import type { Holder, Lock } from './lock.ts'
import type { Source } from './source.ts'

/** What a file is to hold; pieces are taken one after the other, so that a large file never lies in memory as a whole. */
export type Content = Uint8Array | string | Iterable<Uint8Array>

/** Files under one root. Paths are relative to it and use `/`. */
export interface Store {
  /** @throws FormatError if there is no such file */
  read(path: string): Promise<Uint8Array>
  /** A file that is read in pieces. @throws FormatError if there is no such file */
  source(path: string): Promise<Source>
  /** UTF-8 text. @throws FormatError if there is no such file */
  readText(path: string): Promise<string>
  /** True for a file or a folder. */
  exists(path: string): Promise<boolean>
  /** Replaces the file as a whole: a reader, or a crash, sees the old content or the new, never a part. */
  write(path: string, content: Content): Promise<void>
  /** Adds one line, with its line end, to a file that is made if need be. */
  append(path: string, line: string): Promise<void>
  /** Deletes a file; nothing happens if there is none. */
  remove(path: string): Promise<void>
  /** Names of the files and folders directly inside `dir` (`''` is the root), sorted; none if it does not exist. */
  list(dir: string): Promise<string[]>
  /**
   * Makes a folder this process's own, or says whose it is; nothing is waited for. A store without it cannot tell who else works in it,
   * and keeps nobody out.
   */
  lock?(dir: string): Promise<Lock | Holder>
}
