// Files of tests that run in one process after another (vitest.config.ts) leave nothing in it that the next one could find.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SHARING } from '../vitest.config.ts'

const root = fileURLToPath(new URL('.', import.meta.url))

/** What stays when a file of tests has ended: another module, variable, clock or folder in place of the real one. */
const LEFT = /\bvi\.(mock|doMock|stubEnv|stubGlobal|useFakeTimers)\(|\bprocess\.(env\b.* = |chdir\(|on\()/
/** A hook of a module that tests share belongs to the file that loads it first, and to no other. */
const HOOK = /^(before|after)(All|Each)\(/m

/** Text by path, of tests and of what they share. */
const filesOf = (folder: string): [path: string, text: string][] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [join(folder, name), readFileSync(join(root, folder, name), 'utf8')])
const isTest = (path: string): boolean => path.endsWith('.test.ts')

describe.each(SHARING)('test/%s', (folder) => {
  it('replaces nothing in its process', () => {
    const files = filesOf(folder)
    expect(files.filter(([path]) => isTest(path)).length).toBeGreaterThan(0)
    expect(files.filter(([, text]) => LEFT.test(text)).map(([path]) => path)).toEqual([])
  })

  it('shares no module with hooks', () => {
    const shared = filesOf(folder).filter(([path]) => !isTest(path))
    expect(shared.filter(([, text]) => HOOK.test(text)).map(([path]) => path)).toEqual([])
    // That of the command line has some.
    const importing = filesOf(folder).filter(([, text]) => text.includes('cli/options/start.ts'))
    expect(importing.map(([path]) => path)).toEqual([])
  })
})

it('which others do', () => {
  const others = filesOf('.').filter(([path]) => !SHARING.includes(path.split(/[/\\]/)[0]!))
  expect(others.filter(([path, text]) => isTest(path) && LEFT.test(text)).length).toBeGreaterThan(5)
  expect(others.filter(([path, text]) => !isTest(path) && HOOK.test(text)).length).toBeGreaterThan(0)
})
