import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { backportsSource, parseOsRelease } from '../../scripts/lib/apt.mjs'
import { hashOf } from '../../scripts/lib/build.mjs'
import { dependenciesCurrent } from '../../scripts/lib/dependencies.mjs'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'galvani-test-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const deb822 = `# the release
Types: deb deb-src
URIs: http://mirror.test/debian
# suites follow
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.test/security
Suites: bookworm-security
Components: main
`

describe('backports of the machine’s own mirror', () => {
  it('keeps mirror and embedded key of a deb822 source', () => {
    expect(backportsSource([{ path: 'debian.sources', text: deb822 }], 'bookworm')).toEqual({
      name: 'galvani-bookworm-backports.sources',
      text: `Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm-backports
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----
`,
    })
  })

  it('keeps mirror and options of a one-line source', () => {
    const text = `# deb http://old.test/debian bookworm main
deb-src http://mirror.test/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm main contrib # ours
`
    expect(backportsSource([{ path: 'sources.list', text }], 'bookworm')).toEqual({
      name: 'galvani-bookworm-backports.list',
      text: 'deb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm-backports main contrib\n',
    })
  })

  it('adds nothing where backports are listed in either format', () => {
    const file = { path: 'debian.sources', text: deb822 }
    const line = { path: 'b.list', text: 'deb http://mirror.test/debian bookworm-backports main' }
    const stanza = { path: 'b.sources', text: deb822.replace('bookworm bookworm-updates', 'bookworm-backports') }
    expect(backportsSource([file, line], 'bookworm')).toBeUndefined()
    expect(backportsSource([file, stanza], 'bookworm')).toBeUndefined()
  })

  it('does not count a disabled entry, and uses no source of another release', () => {
    const file = { path: 'debian.sources', text: deb822 }
    const disabled = {
      path: 'b.sources',
      text: `Enabled: no\n${deb822.replace('bookworm bookworm-updates', 'bookworm-backports')}`,
    }
    expect(backportsSource([file, disabled], 'bookworm')?.text).toContain('Suites: bookworm-backports\n')
    expect(backportsSource([file], 'trixie')).toBeUndefined()
  })
})

it('reads the release from os-release', () => {
  expect(parseOsRelease('NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n')).toEqual({
    ids: ['debian'],
    codename: 'bookworm',
  })
  const derived = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\n'
  expect(parseOsRelease(derived)).toEqual({ ids: ['linuxmint', 'ubuntu', 'debian'], codename: 'wilma' })
  expect(parseOsRelease('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n')).toEqual({
    ids: ['opensuse-leap', 'suse', 'opensuse'],
    codename: '',
  })
})

describe('dependencies are current', () => {
  const a = { version: '1.0.0', integrity: 'sha512-a' }
  const other = { version: '2.0.0', integrity: 'sha512-b', optional: true, os: ['plan9'] }
  const lay = (locked: object, installed?: object) => {
    writeFileSync(join(directory, 'package-lock.json'), JSON.stringify({ packages: { '': { name: 'x' }, ...locked } }))
    if (!installed) return
    mkdirSync(join(directory, 'node_modules'))
    writeFileSync(join(directory, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: installed }))
  }

  it('when every locked package is installed, those of other platforms aside', () => {
    lay({ 'node_modules/a': a, 'node_modules/other': other }, { 'node_modules/a': a })
    expect(dependenciesCurrent(directory)).toBe(true)
  })

  it('not without node_modules', () => {
    lay({ 'node_modules/a': a })
    expect(dependenciesCurrent(directory)).toBe(false)
  })

  it.each([
    ['a package is missing', { 'node_modules/b': a }],
    ['a version differs', { 'node_modules/a': { ...a, version: '1.0.1' } }],
    ['the contents differ', { 'node_modules/a': { ...a, integrity: 'sha512-c' } }],
  ])('not when %s', (_, installed) => {
    lay({ 'node_modules/a': a }, installed)
    expect(dependenciesCurrent(directory)).toBe(false)
  })
})

describe('the digest of the build’s inputs', () => {
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
  beforeEach(() => {
    mkdirSync(join(directory, 'src', 'deep'), { recursive: true })
    write('src/deep/a.ts', 'a')
    write('one.json', '1')
  })

  it('ignores times, and paths that do not exist', () => {
    const before = hashOf(['src', 'one.json'], directory)
    write('src/deep/a.ts', 'a')
    expect(hashOf(['one.json', 'src', 'absent'], directory)).toBe(before)
  })

  it('changes with a file’s contents, its name, and a new file', () => {
    const digests = [hashOf(['src'], directory)]
    write('src/deep/a.ts', 'b')
    digests.push(hashOf(['src'], directory))
    write('src/deep/b.ts', 'a')
    digests.push(hashOf(['src'], directory))
    rmSync(join(directory, 'src/deep/a.ts'))
    digests.push(hashOf(['src'], directory))
    expect(new Set(digests).size).toBe(4)
  })
})

it('the command says what to run where nothing is built', () => {
  mkdirSync(join(directory, 'bin'))
  cpSync(fileURLToPath(new URL('../../bin/galvani.js', import.meta.url)), join(directory, 'bin', 'galvani.js'))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  const { status, stderr } = spawnSync(process.execPath, [join(directory, 'bin', 'galvani.js')], { encoding: 'utf8' })
  expect(stderr).toBe('galvani: dependencies or the build are missing; run `npm run setup`\n')
  expect(status).toBe(1)
})
