// A shader as it ships: without comments and blanks, and with short names. What the host finds by name keeps its own.

/** Comments, names, numbers, and signs of one or more characters; blanks lie between. */
const TOKEN =
  /\/\/ @unroll|\/\/[^\n]*|\/\*[^]*?\*\/|[A-Za-z_]\w*|0[xX][\da-fA-F]+[iu]?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[iufh]?|->|[-+*/%&|^<>=!]=|<<=?|>>=?|&&|\|\||\+\+|--|[^\s\w]/g
const isName = (token) => /^[A-Za-z_]\w*$/.test(token)
const isComment = (token) => /^\/[/*]/.test(token) && token !== UNROLL
const UNROLL = '// @unroll'

/** What a swizzle may be, and so no field's name can be told from. */
const SWIZZLE = /^([xyzw]{1,4}|[rgba]{1,4})$/
/** Words after which a name is declared. */
const DECLARES = new Set(['fn', 'let', 'var', 'const', 'struct', 'alias', 'override'])
/** Statements whose words are WebGPU's own. */
const DIRECTIVES = new Set(['enable', 'requires', 'diagnostic'])
/** A colon after these declares nothing. */
const LABELS = new Set(['default'])

/** Tokens of a shader, comments left out. */
export const tokensOf = (source) => (source.match(TOKEN) ?? []).filter((token) => !isComment(token))

/** Names that the shader declares, those of fields of its structs apart. */
function declared(tokens) {
  const [names, fields] = [new Set(), new Set()]
  let braces = 0
  let structAt = null
  tokens.forEach((token, i) => {
    if (token === '{') braces++
    if (token === '}') braces--
    if (token === 'struct') structAt = braces
    if (token === '}' && structAt === braces) structAt = null
    if (!isName(token)) return
    if (tokens[i + 1] === ':' && !LABELS.has(token)) (structAt === null ? names : fields).add(token)
    const before = tokens[i - 1] === '>' ? tokens[tokens.lastIndexOf('<', i) - 1] : tokens[i - 1]
    if (DECLARES.has(before)) names.add(token)
  })
  return { names, fields }
}

/** Short names in order: a, b, … Z, aa, … */
function* shortNames() {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
  for (const first of letters) yield first
  for (const first of letters) for (const second of letters) yield first + second
}

/** @param kept names that stay: entry points and the constants that the host sets */
function renaming(tokens, kept) {
  const { names, fields } = declared(tokens)
  const all = [...names, ...[...fields].filter((name) => !SWIZZLE.test(name))].filter((name) => !kept.has(name))
  const uses = new Map()
  for (const token of tokens) uses.set(token, (uses.get(token) ?? 0) + 1)
  const ordered = [...new Set(all)].sort((a, b) => uses.get(b) - uses.get(a))
  const renamed = new Set(ordered)
  const taken = new Set(tokens.filter((token) => isName(token) && !renamed.has(token)))
  const short = shortNames()
  const result = new Map()
  for (const name of ordered) {
    let next = short.next().value
    while (taken.has(next) || SWIZZLE.test(next) || RESERVED.has(next)) next = short.next().value
    result.set(name, next)
  }
  return { result, fields }
}

/** Words of WGSL of at most two letters. */
const RESERVED = new Set(['if', 'fn', 'do', 'as', 'of'])

/** The tokens of a shader with its own names shortened, the same one everywhere. */
export function shortened(tokens, kept) {
  const { result, fields } = renaming(tokens, kept)
  let isDirective = false
  return tokens.map((token, i) => {
    if (DIRECTIVES.has(token)) isDirective = true
    if (token === ';') isDirective = false
    const isBuiltin = tokens[i - 1] === '@' || (tokens[i - 1] === '(' && tokens[i - 2] === 'builtin')
    const isSwizzle = tokens[i - 1] === '.' && (!fields.has(token) || SWIZZLE.test(token))
    return isDirective || isBuiltin || isSwizzle ? token : (result.get(token) ?? token)
  })
}

const NEEDS_BLANK = /^[\w]/

/** @param kept see `shortened` */
export function minify(source, kept) {
  let text = ''
  for (const token of shortened(tokensOf(source), kept)) {
    const meets = NEEDS_BLANK.test(token) && /\w$/.test(text)
    text += (meets ? ' ' : '') + token
    if (token === UNROLL) text += '\n'
  }
  return text
}
