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

/** Words of WGSL of at most two letters. */
const RESERVED = new Set(['if', 'fn', 'do', 'as', 'of'])
const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ']
/** Short names in order: a, b, … Z, aa, … */
const SHORT = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))].filter(
  (name) => !SWIZZLE.test(name) && !RESERVED.has(name),
)

/** The names of a shader that become short, each with how often it stands there, and the words that stay. */
function namesOf({ tokens, kept, taken = [] }) {
  const { names, fields } = declared(tokens)
  const uses = new Map()
  for (const name of [...names, ...[...fields].filter((name) => !SWIZZLE.test(name))])
    if (!kept.has(name)) uses.set(name, 0)
  const words = new Set(taken)
  for (const token of tokens) {
    if (uses.has(token)) uses.set(token, uses.get(token) + 1)
    else if (isName(token)) words.add(token)
  }
  return { uses, words }
}

/**
 * Short names for those of several shaders, the ones used most first: one name is the same in all of them, which compresses well, and two
 * share a short one where no shader has both.
 *
 * @param shaders `tokens` of each, and `kept`: names that stay, which are entry points and the constants that the host sets
 */
export function shortNamesOf(shaders) {
  const all = shaders.map(namesOf)
  const total = new Map()
  for (const { uses } of all) for (const [name, count] of uses) total.set(name, (total.get(name) ?? 0) + count)
  const result = new Map()
  for (const name of [...total.keys()].sort((a, b) => total.get(b) - total.get(a))) {
    const own = all.filter(({ uses }) => uses.has(name))
    const short = SHORT.find((each) => own.every(({ words }) => !words.has(each)))
    for (const { words } of own) words.add(short)
    result.set(name, short)
  }
  return result
}

/** The tokens of a shader with its own names shortened. */
function shortened({ tokens, kept }, names) {
  const { uses } = namesOf({ tokens, kept })
  const { fields } = declared(tokens)
  let isDirective = false
  return tokens.map((token, i) => {
    if (DIRECTIVES.has(token)) isDirective = true
    if (token === ';') isDirective = false
    const isBuiltin = tokens[i - 1] === '@' || (tokens[i - 1] === '(' && tokens[i - 2] === 'builtin')
    const isSwizzle = tokens[i - 1] === '.' && (!fields.has(token) || SWIZZLE.test(token))
    return isDirective || isBuiltin || isSwizzle ? token : uses.has(token) ? names.get(token) : token
  })
}

/** What is declared by a statement of a binding: how, its name and its type. */
const BINDING = /^@ group \( 0 \) @ binding \( (\d+) \) var < ([^>]+) > (\w+) : ([^;]+) ;$/

/** Arrays of numbers or of vectors of these. */
const PLAIN = /^array < (?:vec\d < )?[fui]32 >>?$/

/**
 * The same program without the declarations that are written out of its reflection again: those of parameters, and of bindings that are no
 * structs. Such a binding, and a field of the parameters, is called by the letter of its number.
 *
 * @param shader `tokens`, and `kept`: see `shortNamesOf`
 * @param letterOf the name for a number
 * @returns `widths` too: by a binding's name how many elements its vectors have, nothing where it has none
 */
export function undeclared({ tokens, kept }, letterOf) {
  const [rest, bindings, fields, widths] = [[], new Map(), new Map(), new Map()]
  let uniform
  for (let i = 0; i < tokens.length; i++) {
    const end = tokens.indexOf(tokens[i] === 'struct' ? '}' : ';', i)
    const words = tokens.slice(i, end + 1)
    const [, number, storage, name, type] = (tokens[i] === '@' && BINDING.exec(words.join(' '))) || []
    if (tokens[i] === 'struct' && words[1] === 'Params') {
      const names = words.filter((_, at) => words[at + 1] === ':')
      names.forEach((field, place) => fields.set(field, letterOf(place)))
    } else if (number !== undefined && (storage === 'uniform' || PLAIN.test(type))) {
      if (storage === 'uniform') uniform = name
      bindings.set(name, letterOf(number))
      widths.set(name, /vec(\d)/.exec(type)?.[1] ?? '')
    } else {
      rest.push(tokens[i])
      continue
    }
    i = end
  }
  const clash = [...kept].find((name) => [...bindings.values()].includes(name))
  if (clash !== undefined) throw new Error(`'${clash}' is what a binding is called as it ships; use a longer name`)
  return {
    tokens: rest.map((token, i) => {
      const isMember = rest[i - 1] === '.'
      const letter = isMember ? rest[i - 2] === uniform && fields.get(token) : bindings.get(token)
      return letter && rest[i - 1] !== '@' ? AS_SHIPPED + letter : token
    }),
    kept,
    taken: new Set(bindings.values()),
    widths,
  }
}

/** Before a name that is what it will be. */
const AS_SHIPPED = '\\'

const NEEDS_BLANK = /^[\w]/

/** Whether a token stands where its name is declared, or is no name of a variable. */
const isElsewhere = (tokens, i) =>
  DECLARES.has(tokens[i - 1]) || tokens[i + 1] === ':' || tokens[i - 1] === '.' || tokens[i - 1] === '@'

/**
 * The same program, with constants of the module that are a number and not for the host to set written out where they stand.
 *
 * @param shader `tokens`, and `kept`: see `shortNamesOf`
 */
export function inlined({ tokens, kept }) {
  const values = new Map()
  let braces = 0
  tokens.forEach((token, i) => {
    if (token === '{') braces++
    if (token === '}') braces--
    const [name, is, value, end] = tokens.slice(i + 1, i + 5)
    const isNumber = token === 'const' && braces === 0 && is === '=' && /^[\d.]/.test(value) && end === ';'
    const isOnly = () => tokens.filter((other, at) => other === name && isElsewhere(tokens, at)).length === 1
    if (isNumber && !kept.has(name) && isOnly()) values.set(name, value)
  })
  const isDeclaration = (i) => tokens[i] === 'const' && values.has(tokens[i + 1])
  const rest = tokens.filter((_, i) => ![0, 1, 2, 3, 4].some((back) => isDeclaration(i - back)))
  return { tokens: rest.map((token) => values.get(token) ?? token), kept }
}

/** The text of a shader as it ships. @param names see `shortNamesOf`, for this shader among others */
export function minify(shader, names = shortNamesOf([shader])) {
  let text = ''
  for (const token of shortened(shader, names)) {
    const word = token.replace(AS_SHIPPED, '')
    const meets = NEEDS_BLANK.test(word) && /\w$/.test(text)
    text += (meets ? ' ' : '') + word
    if (token === UNROLL) text += '\n'
  }
  return text
}
