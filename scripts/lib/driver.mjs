// Software Vulkan drivers from Debian and Ubuntu packages. Every step says what it installs before it does.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { backportsSource } from './apt.mjs'
import { errorLines, run, step } from './run.mjs'

const MESA = ['mesa-vulkan-drivers', 'libvulkan1']
const OLDEST_MESA = 24 // the lavapipe of Debian 12's own Mesa 22.3 is too old for Dawn
const SOURCES = '/etc/apt/sources.list.d'

/** Installs Mesa's lavapipe, from the release's backports where the release's own is too old. */
export async function installMesa({ ids, codename }) {
  await step('no GPU driver found; reading the package lists (apt-get update)', () => apt('update'))
  if (!(await needsBackports(ids))) return install(MESA)
  const added = missingBackports(codename)
  try {
    if (added) {
      await step(`adding ${added.path} and reading its lists`, () => {
        writeFileSync(added.path, added.text)
        return apt('update')
      })
    }
    await install(MESA, `${codename}-backports`)
  } catch (error) {
    if (added) rmSync(added.path, { force: true })
    throw error
  }
}

/** The command with which a person who may use sudo does what `installMesa` does. */
export async function mesaCommand({ ids, codename }) {
  const upToDate = 'sudo apt-get update && sudo apt-get install'
  if (!(await needsBackports(ids))) return `${upToDate} ${MESA.join(' ')}`
  const added = missingBackports(codename)
  const lines = added?.text
    .trimEnd()
    .split('\n')
    .map((line) => `'${line}'`)
  const add = added ? `printf '%s\\n' ${lines.join(' ')} | sudo tee ${added.path} && ` : ''
  return `${add}${upToDate} -t ${codename}-backports ${MESA.join(' ')}`
}

/** Only Debian itself has the backports. */
const needsBackports = async (ids) => ids[0] === 'debian' && (await candidateMajor(MESA[0])) < OLDEST_MESA

/** Installs Debian's Chromium, which brings SwiftShader along. */
export const installChromium = () => install(['chromium', 'libvulkan1'])

const install = (packages, release) =>
  step(`installing ${packages.join(' ')}${release ? ` from ${release}` : ''} (apt-get install)`, () =>
    apt('install', '-y', '--no-install-recommends', ...(release ? ['-t', release] : []), ...packages),
  )

async function apt(...args) {
  const { code, output } = await run('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} failed:\n${errorLines(output)}`)
}

/** Major version of the package APT would install now. */
async function candidateMajor(name) {
  const { stdout } = await run('apt-cache', ['policy', name], { env: { LC_ALL: 'C' } })
  return Number(stdout.match(/Candidate: (?:\d+:)?(\d+)/)?.[1] ?? 0)
}

/** The file that would add the backports of this machine's own mirror; undefined when they are there. */
function missingBackports(codename) {
  const listed = existsSync(SOURCES) ? readdirSync(SOURCES).filter((name) => /\.(list|sources)$/.test(name)) : []
  const paths = ['/etc/apt/sources.list', ...listed.map((name) => join(SOURCES, name))].filter((path) =>
    existsSync(path),
  )
  const source = backportsSource(
    paths.map((path) => ({ path, text: readFileSync(path, 'utf8') })),
    codename,
  )
  return source && { path: join(SOURCES, source.name), text: source.text }
}
