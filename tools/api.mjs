// npm run docs [-- --check]: writes docs/api/, a page for each entry of the package, from the declarations and their comments.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { build } from '../scripts/lib/build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** With the slashes of the compiler. */
const types = `${root.replaceAll('\\', '/')}dist/types/src/`
/** Longer declarations have a line for each parameter. */
const WIDTH = 120

/** Name of each page, and the module of src/ that it shows: what package.json exports. */
const ENTRIES = Object.entries(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports).map(
  ([path, { types }]) => [
    path === '.' ? 'galvani' : path.slice(2),
    types.replace(/^\.\/dist\/types\/src\/(.*)\.d\.ts$/, '$1'),
  ],
)

const declarationsOf = (symbol) =>
  (symbol.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(types))

/** What an entry exports: names under the headings that its source has, in the order written there. */
function sectionsOf(entry, symbols) {
  const source = ts.createSourceFile(
    'entry.ts',
    readFileSync(join(root, 'src', `${entry}.ts`), 'utf8'),
    ts.ScriptTarget.ES2022,
    true,
  )
  const sections = []
  const seen = new Set()
  const take = (name, heading) => {
    if (seen.has(name) || !symbols.has(name)) return
    seen.add(name)
    if (sections.at(-1)?.heading !== heading) sections.push({ heading, names: [] })
    sections.at(-1).names.push(name)
  }
  let heading = ''
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement)) continue
    const comments = ts.getLeadingCommentRanges(source.text, statement.pos) ?? []
    const last = comments.at(-1)
    // The comment on the file's first line is no heading.
    if (last && last.pos > 0) heading = source.text.slice(last.pos, last.end).replace(/^\/\/ /, '')
    if (statement.exportClause) for (const { name } of statement.exportClause.elements) take(name.text, heading)
    else {
      const module = [...symbols.values()].filter((symbol) => {
        const path = declarationsOf(symbol)[0]
          .getSourceFile()
          .fileName.slice(types.length)
          .replace(/\.d\.ts$/, '.ts')
        return `./${path}` === statement.moduleSpecifier.text
      })
      for (const symbol of module) take(symbol.name, heading)
    }
  }
  // An entry that is itself the module.
  for (const name of symbols.keys()) take(name, heading)
  return sections
}

const isPrivate = (node) =>
  (ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) ||
  (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name))

/** A declaration without `export`, `declare` and what is private, indented by two, long parameter lists cut into lines. */
function printed(node) {
  const source = node.getSourceFile()
  const target = ts.isVariableDeclaration(node) ? node.parent.parent : node
  const start = target.getStart()
  const edits = []
  const visit = (child) => {
    if (isPrivate(child)) return void edits.push([child.pos, child.end, ''])
    const broken = child.parameters?.length > 1 ? brokenParameters(child, source) : []
    edits.push(...broken)
    if (broken.length === 0) ts.forEachChild(child, visit)
  }
  visit(target)
  let text = source.text.slice(start, target.end)
  for (const [from, to, by] of edits.sort((a, b) => b[0] - a[0]))
    text = text.slice(0, from - start) + by + text.slice(to - start)
  const bare = text.replace(/^(export |declare |default )+/, '').replace(/;$/gm, '')
  return bare.replace(/^( {4})+/gm, (indent) => ' '.repeat(indent.length / 2))
}

/** An edit that gives each parameter a line where they do not fit on one. */
function brokenParameters({ parameters }, source) {
  const { line } = source.getLineAndCharacterOfPosition(parameters[0].getStart())
  const from = source.getPositionOfLineAndCharacter(line, 0)
  const first = source.text.slice(from, source.text.indexOf('\n', from))
  if (first.length <= WIDTH) return []
  const indent = /^ */.exec(first)[0]
  const lines = parameters
    .map((parameter) => `\n${indent}    ${parameter.getText().replaceAll('\n', '\n    ')},`)
    .join('')
  return [[parameters.pos, parameters.end, `${lines}\n${indent}`]]
}

/** The comment above a declaration as Markdown. */
function commentOf(node) {
  const target = ts.isVariableDeclaration(node) ? node.parent.parent : node
  const comment = (ts.getLeadingCommentRanges(target.getSourceFile().text, target.pos) ?? []).at(-1)
  const text = comment ? target.getSourceFile().text.slice(comment.pos, comment.end) : ''
  if (!text.startsWith('/**')) return ''
  const plain = text
    .slice(3, -2)
    .replace(/^\s*\* ?/gm, '')
    .trim()
  const parted = plain.replace(/([^.\s])(\s+)@throws /g, '$1.$2@throws ').replace(/([\w)])$/, '$1.')
  return parted.replaceAll('@throws ', 'Throws ').replace(/^@param (\w+) /gm, '`$1`: ')
}

/** What keeps a comment from being read aloud: that there is none, that it has no subject, or a tag that these pages do not know. */
function faultOf(symbol) {
  const text = declarationsOf(symbol).map(commentOf).join('')
  if (text === '') return 'has no comment'
  if (/^(Of|Throws) /.test(text)) return 'has a comment without a subject'
  return /(^|\s)@\w/.test(text) ? 'has a tag in its comment that is not told' : null
}

const SHOWN = ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Class

/** Types of the package that a declaration names. */
function namedTypes(node, checker) {
  const found = []
  const visit = (child) => {
    if (isPrivate(child)) return
    if (ts.isIdentifier(child)) {
      const symbol = checker.getSymbolAtLocation(child)
      const own = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      if (own && own.flags & SHOWN) found.push(own)
    }
    ts.forEachChild(child, visit)
  }
  visit(node)
  return found.filter((symbol) => declarationsOf(symbol).length > 0)
}

function entryOf(symbol) {
  const nodes = declarationsOf(symbol)
  const comment = nodes.map(commentOf).find((text) => text !== '') ?? ''
  return `### ${symbol.name}\n\n${comment ? `${comment}\n\n` : ''}\`\`\`ts\n${nodes.map(printed).join('\n')}\n\`\`\`\n`
}

/** Names that the shown declarations use and no entry exports, with what they use in turn. */
function alsoNamed(shown, exported, checker) {
  const found = new Set()
  const queue = [...shown]
  for (const symbol of queue) {
    for (const other of declarationsOf(symbol).flatMap((node) => namedTypes(node, checker))) {
      if (exported.has(other) || found.has(other)) continue
      found.add(other)
      queue.push(other)
    }
  }
  return [...found].sort((a, b) => (a.name < b.name ? -1 : 1))
}

const introOf = (entry) =>
  /^\/\/ (?:galvani[\w/]*: )?(.*)/.exec(readFileSync(join(root, 'src', `${entry}.ts`), 'utf8'))[1]
const upper = (text) => text[0].toUpperCase() + text.slice(1)

/** Pages by file name. @throws Error naming exports whose comments will not do */
function apiPages() {
  const files = ENTRIES.map(([, entry]) => `${types}${entry}.d.ts`)
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    types: [],
  })
  const checker = program.getTypeChecker()
  const resolved = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
  const entries = ENTRIES.map(([name, entry], i) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[i]))
    return {
      name,
      entry,
      symbols: new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, resolved(symbol)])),
    }
  })
  const exported = new Set(entries.flatMap(({ symbols }) => [...symbols.values()]))
  const faults = [...exported].map((symbol) => [symbol.name, faultOf(symbol)]).filter(([, fault]) => fault)
  if (faults.length > 0) throw new Error(faults.map(([name, fault]) => `${name} ${fault}`).join('\n'))
  return new Map(
    entries.map(({ name, entry, symbols }) => [`${name}.md`, pageOf(name, entry, symbols, exported, checker)]),
  )
}

function pageOf(name, entry, symbols, exported, checker) {
  const parts = sectionsOf(entry, symbols).map(
    ({ heading, names }) =>
      `${heading ? `## ${heading}\n\n` : ''}${names.map((each) => entryOf(symbols.get(each))).join('\n')}`,
  )
  const others = alsoNamed(symbols.values(), exported, checker)
  if (others.length > 0) parts.push(`## Named above, and not exported\n\n${others.map(entryOf).join('\n')}`)
  const title = name === 'galvani' ? name : `galvani/${name}`
  const made = 'Made by `npm run docs` from the comments in the sources; edit those.'
  return `# ${title}\n\n${upper(introOf(entry))}\n\n${made}\n\n${parts.join('\n')}`
}

/** Writes the pages, or says which are not those of the sources. */
async function main() {
  await build()
  const check = process.argv.includes('--check')
  const stale = [...apiPages()]
    .filter(([name, text]) => {
      const path = join(root, 'docs', 'api', name)
      if (existsSync(path) && readFileSync(path, 'utf8') === text) return false
      mkdirSync(dirname(path), { recursive: true })
      if (!check) writeFileSync(path, text)
      return true
    })
    .map(([name]) => `docs/api/${name}`)
  if (check && stale.length > 0) throw new Error(`stale: ${stale.join(', ')}; run \`npm run docs\``)
  console.log(stale.length > 0 ? `wrote ${stale.join(', ')}` : 'the API pages are current')
}

await main().catch(({ message }) => {
  console.error(message)
  process.exitCode = 1
})
