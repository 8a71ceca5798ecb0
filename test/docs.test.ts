// The documents say what is: their commands parse, the tutorial's outputs are what its commands print, what they name exists.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { program } from '../cli/program.ts'
import { galvani, workFolder } from './cli/support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const under = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)

/** All that a person writes; docs/api/ is made from comments and checked by tools/api.mjs. */
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'bench/peers/README.md',
  ...under('docs'),
]
const texts = new Map(DOCUMENTS.map((path) => [path, read(path)]))

interface Named {
  document: string
  text: string
}

/** Lines of fenced and of indented blocks, with those that end in a backslash joined to the next. */
function codeLines(text: string): string[] {
  const fenced = [...text.matchAll(/^```(?:console|sh)?\n([^]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'))
  const indented = text
    .replace(/^```[^]*?^```/gm, '')
    .split('\n')
    .filter((line) => line.startsWith('    '))
  return [...fenced, ...indented]
    .join('\n')
    .replace(/\s*\\\n\s*/g, ' ')
    .split('\n')
}

/** What a shell would start: without comments, the prompt, variables in front, and where the output goes. */
function commandsOf(line: string): string[] {
  const bare = line
    .trim()
    .replace(/^\$ /, '')
    .replace(/(^| )# .*/, '')
  return bare.split(' && ').map((part) =>
    part
      .trim()
      .replace(/^(?:[A-Z_]+=\S+ )+/, '')
      .replace(/ > \S+$/, ''),
  )
}

const STARTS = /^(?:npx|npm|node|galvani) |^bench\/gpu\.sh /
const inBlocks: Named[] = [...texts].flatMap(([document, text]) =>
  codeLines(text)
    .flatMap(commandsOf)
    .filter((command) => STARTS.test(command))
    .map((command) => ({ document, text: command })),
)
const inProse: Named[] = [...texts].flatMap(([document, text]) =>
  [...text.matchAll(/`((?:npx )?galvani [^`]*)`/g)].map(([, command]) => ({ document, text: command! })),
)

const wordsOf = (command: string): string[] => command.split(/\s+/)
/** The command line after `galvani`, if that is what is started. */
const ofGalvani = (command: string): string[] | null =>
  /^(?:npx )?galvani /.test(command) ? wordsOf(command.replace(/^(?:npx )?galvani /, '')) : null

/** Parses as the program does, and runs nothing. @throws CommanderError, UsageError for wrong usage */
async function parse(words: readonly string[]): Promise<void> {
  const tree = program()
  const disarm = (command: Command): void =>
    command.commands.length > 0 ? command.commands.forEach(disarm) : void command.action(() => undefined)
  disarm(tree)
  await tree.parseAsync([...words], { from: 'user' })
}

/** What is wrong with a command that is mentioned, perhaps without all that it needs: its names, or an option. */
function faultOf(words: readonly string[]): string | null {
  let command = program()
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word)
    if (!next) break
    command = next
  }
  if (command.parent === null) return words[0]?.startsWith('--') ? null : `there is no command ${words[0] ?? ''}`
  const options = [command, ...command.commands].flatMap((each) =>
    each.options.flatMap(({ long, short }) => [long, short]),
  )
  const unknown = words.find(
    (word) => word.startsWith('--') && word !== '--help' && !options.includes(word.replace(/[,/].*/, '')),
  )
  return unknown === undefined ? null : `${command.name()} has no ${unknown}`
}

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

/** What is wrong with a command that is not galvani's. */
function otherFaultOf(command: string): string | null {
  const [program, ...words] = wordsOf(command)
  const script = program === 'npm' && words[0] === 'run' ? words[1] : undefined
  if (script !== undefined && !(script in scripts)) return `there is no script ${script}`
  const files = words.filter((word) => /^(?:test|tools|bench|scripts|examples)\/\S+/.test(word))
  const missing = [...files, ...(program?.includes('/') ? [program] : [])].find((path) => !existsSync(join(root, path)))
  return missing === undefined ? null : `there is no ${missing}`
}

describe('commands in the documents', () => {
  it('are found', () => {
    const [first] = inBlocks.filter(({ document }) => document === 'README.md')
    expect(first?.text).toBe('npx galvani decompose EDA.csv --out parts')
    expect(inBlocks.filter(({ text }) => ofGalvani(text)).length).toBeGreaterThan(30)
    expect(inBlocks.map(({ text }) => text)).toContain(
      'npx galvani summary --preset released --signals phasic --music 0',
    )
    expect(inProse.length).toBeGreaterThan(10)
  })

  it.each(inBlocks.filter(({ text }) => ofGalvani(text)))('$document: $text', async ({ text }) => {
    await parse(ofGalvani(text)!)
  })

  it('are refused with an option that is not there', async () => {
    await expect(parse(['decompose', 'a.csv', '--out', 'o', '--colour', 'red'])).rejects.toThrow(
      "unknown option '--colour'",
    )
    await expect(parse(['decompose', 'a.csv', '--out', 'o', '--gamma', 'x'])).rejects.toThrow("--gamma is 'x'")
  })

  it('of npm, node and the shell name what exists', () => {
    const others = inBlocks.filter(({ text }) => !ofGalvani(text))
    expect(
      others.map(({ document, text }) => [document, text, otherFaultOf(text)]).filter(([, , fault]) => fault !== null),
    ).toEqual([])
    expect([otherFaultOf('npm run nothing'), otherFaultOf('npx vitest run test/none.test.ts')]).toEqual([
      'there is no script nothing',
      'there is no test/none.test.ts',
    ])
  })

  it('that are mentioned have the names and options that they are given', () => {
    const faults = inProse.map(({ document, text }) => [document, text, faultOf(ofGalvani(text)!)])
    expect(faults.filter(([, , fault]) => fault !== null)).toEqual([])
    expect(faultOf(['decompose', '--colour'])).toBe('decompose has no --colour')
    expect(faultOf(['trian'])).toBe('there is no command trian')
  })
})

/** Files of the repository below its folders of code, without packages that are installed there. */
const files = ['src', 'cli', 'bench', 'shaders', 'scripts', 'tools', 'test', 'examples']
  .flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`)
      : [],
  )
  .filter((path) => !path.includes('node_modules'))
  .map((path) => path.replaceAll('\\', '/'))

describe('what the documents name', () => {
  it.each(DOCUMENTS)('%s: links lead somewhere', (document) => {
    const targets = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) =>
      join(dirname(document), target!),
    )
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([])
  })

  it.each(DOCUMENTS)('%s: paths exist', (document) => {
    const paths = [
      ...read(document).matchAll(
        /(?<![\w./-])(?:src|cli|bench|shaders|scripts|tools|test|docs|examples)\/[\w./-]*\w\/?/g,
      ),
    ].map(([path]) => path)
    expect(paths.filter((path) => !path.includes('NAME') && !existsSync(join(root, path)))).toEqual([])
  })

  it.each(DOCUMENTS)('%s: source files exist', (document) => {
    const names = [...read(document).matchAll(/`(\w[\w./]*\.(?:ts|mjs|wgsl|sh|py))`/g)].map(([, name]) => name!)
    expect(
      names.filter(
        (name) =>
          !name.includes('NAME') &&
          ![...files, 'cvxEDA.py'].some((file) => `/${file}`.endsWith(`/${name}`)) &&
          !existsSync(join(root, name)),
      ),
    ).toEqual([])
  })

  it('every document is in the index', () => {
    const index = read('docs/README.md')
    const all = [...under('docs').filter((path) => path !== 'docs/README.md'), ...under('docs/api')]
    expect(all.filter((path) => !index.includes(`](${path.replace('docs/', '')})`))).toEqual([])
  })

  it('the code in docs/kernels.md is the host file’s, however it is cut into lines', () => {
    const [, path, code] = /```ts\n\/\/ (src\/\S+)\n([^]*?)```/.exec(read('docs/kernels.md')) ?? []
    const bare = (text: string): string => text.replace(/\s+/g, '').replace(/,(?=[)}\]])/g, '')
    expect(bare(read(path!))).toContain(bare(code!))
  })
})

/** Commands of the tutorial, each with the lines that it is said to print. */
function transcript(): { command: string; output: string[] }[] {
  const found: { command: string; output: string[] }[] = []
  for (const [, block] of read('docs/tutorial.md').matchAll(/^```console\n([^]*?)^```/gm)) {
    for (const line of block!.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), output: [] })
      else found.at(-1)?.output.push(line)
    }
  }
  return found
}

describe('the tutorial', () => {
  const home = workFolder()

  it('prints what its commands print, and draws the picture of the README', async () => {
    const steps = transcript()
    expect(steps.map(({ command }) => command)).toContain(
      'npx galvani decompose first/synthetic.csv --out parts --device cpu',
    )
    for (const { command, output } of steps) {
      const words = ofGalvani(command)
      const printed = words ? await galvani(words, { cwd: home, progress: /^cvxEDA: / }) : null
      const text = printed
        ? [...printed.stdout.split('\n'), ...printed.lines]
        : spawnSync('sh', ['-c', command], { cwd: home, encoding: 'utf8' }).stdout.split('\n')
      // `…` stands for the rest of a line.
      const isPrinted = (line: string): boolean =>
        text.some((each) => (line.endsWith('…') ? each.startsWith(line.slice(0, -1)) : each === line))
      expect(
        output.filter((line) => !isPrinted(line)),
        `${command}\n${text.join('\n')}`,
      ).toEqual([])
    }
    expect(readFileSync(join(home, 'parts', 'synthetic.svg'), 'utf8')).toBe(read('docs/recording.svg'))
  })
})
