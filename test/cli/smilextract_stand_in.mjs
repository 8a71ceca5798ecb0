#!/usr/bin/env node
// Stands in for openSMILE's SMILExtract: its command line, its log, its ARFF and its habit of adding to a file that is there. The
// configuration is a JSON of what it does: `features`, how many it writes; by the song's name what goes wrong with it; `calls`, a file
// that gets a line a call.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'

const OPTIONS = ['-C', '-I', '-O', '-instname', '-nologfile']
const given = new Map()
for (let i = 2; i < process.argv.length; i += 2) given.set(process.argv[i], process.argv[i + 1])

const say = (level, component, text) => process.stderr.write(`(${level}) [1] ${component}: ${text}\n`)
const fail = (component, text) => {
  say('ERR', component, text)
  process.exit(1)
}

say('MSG', 'SMILExtract', 'openSMILE starting!')
const unknown = [...given.keys()].find((name) => !OPTIONS.includes(name))
if (unknown) fail('commandlineParser', `unknown option '${unknown}' on commandline!`)
if (given.get('-nologfile') !== '1') writeFileSync('smile.log', 'a log\n')
if (!existsSync(given.get('-C'))) fail('configManager', `cannot find input file '${given.get('-C')}'!`)
const { features, calls, ...wrong } = JSON.parse(readFileSync(given.get('-C'), 'utf8'))
const song = basename(given.get('-I'))
if (calls) appendFileSync(calls, `${song}\n`)

const sound = readFileSync(given.get('-I'))
if (sound.toString('latin1', 0, 4) !== 'RIFF') {
  say('WRN', 'smilePcm', 'bogus wave/riff header or file in wrong format')
  fail('cWaveSource', `failed reading wave header from file '${given.get('-I')}'! Maybe this is not a WAVE file?`)
}
if (wrong[song] === 'hangs') {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => undefined)
  setInterval(() => undefined, 1e6)
  await new Promise(() => undefined)
}
if (wrong[song] === 'writes nothing') process.exit(0)

const table = given.get('-O')
const names = Array.from({ length: features }, (_, f) => `lld_sma[${f}]_amean`)
const header = [
  '@relation openSMILE_features',
  '',
  '@attribute name string',
  ...names.map((name) => `@attribute ${name} numeric`),
]
if (!existsSync(table)) writeFileSync(table, [...header, '@attribute class numeric', '', '@data', '', ''].join('\n'))
const row = [
  `'${given.get('-instname')}'`,
  ...names.map((_, f) => (sound.length + f / 1024).toExponential(6)),
  '?',
].join(',')
if (wrong[song] === 'dies') {
  appendFileSync(table, row.slice(0, row.length / 2))
  process.kill(process.pid, 'SIGSEGV')
  await new Promise(() => undefined)
}
appendFileSync(table, wrong[song] === 'writes half' ? row.slice(0, row.length / 2) : `${row}\n`)
say('MSG', 'cComponentManager', 'Processing finished! System ran for 8 ticks.')
