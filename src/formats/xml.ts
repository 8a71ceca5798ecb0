// Elements and their texts of a small XML document, such as the headers of XDF: no attributes, no document types, no outer entities.
import { FormatError } from '../runtime/errors.ts'

export interface XmlElement {
  name: string
  /** Of its own, without that of its children. */
  text: string
  children: XmlElement[]
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The outermost element. @throws FormatError for what is not closed as it was opened */
export function parseXml(document: string, source: string): XmlElement {
  const root: XmlElement = { name: '', text: '', children: [] }
  const open = [root]
  for (let at = 0; at < document.length;) {
    const inner = open.at(-1)!
    const { kind, content, end } = tokenAt(document, at, source)
    if (kind === 'text') inner.text += content
    // The root has no name, so nothing closes it.
    if (kind === 'close' && open.pop()!.name !== content) throw broken(document, at, source)
    if (kind === 'open' || kind === 'alone') {
      const element = { name: content, text: '', children: [] }
      inner.children.push(element)
      if (kind === 'open') open.push(element)
    }
    at = end
  }
  const [outermost] = root.children
  if (open.length > 1 || outermost === undefined) throw broken(document, document.length, source)
  return outermost
}

interface Token {
  kind: 'text' | 'aside' | 'open' | 'close' | 'alone'
  /** A text, or the name of an element. */
  content: string
  end: number
}

/** What is no element, by how it begins and ends. */
const ASIDES = [
  ['<!--', '-->', 'aside'],
  ['<?', '?>', 'aside'],
  ['<![CDATA[', ']]>', 'text'],
] as const

function tokenAt(document: string, at: number, source: string): Token {
  if (document[at] !== '<') {
    const next = document.indexOf('<', at)
    const end = next < 0 ? document.length : next
    return { kind: 'text', content: unescaped(document.slice(at, end)), end }
  }
  const aside = ASIDES.find(([begin]) => document.startsWith(begin, at))
  if (aside) {
    const [begin, close, kind] = aside
    const end = document.indexOf(close, at)
    if (end < 0) throw broken(document, at, source)
    return { kind, content: document.slice(at + begin.length, end), end: end + close.length }
  }
  const end = tagEnd(document, at)
  const inside = document.slice(at + 1, end)
  const name = /^\/?([^\s/]+)/.exec(inside)?.[1]
  if (end < 0 || name === undefined) throw broken(document, at, source)
  return {
    kind: inside.startsWith('/') ? 'close' : inside.endsWith('/') ? 'alone' : 'open',
    content: name,
    end: end + 1,
  }
}

/** The next `>` that is in no quotes. */
function tagEnd(document: string, at: number): number {
  let quote = ''
  for (let i = at; i < document.length; i++) {
    const letter = document[i]!
    if (quote !== '') quote = letter === quote ? '' : quote
    else if (letter === '"' || letter === "'") quote = letter
    else if (letter === '>') return i
  }
  return -1
}

/** The text at the end of a path of names below an element, without blanks around it; empty where there is none. */
export function textAt(element: XmlElement | undefined, ...path: string[]): string {
  return (elementAt(element, ...path)?.text ?? '').trim()
}

/** The first element at the end of a path of names. */
export function elementAt(element: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  return path.reduce((inner, name) => inner?.children.find((child) => child.name === name), element)
}

const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? all
    const code = decimal !== undefined ? Number(decimal) : parseInt(hex!, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : all
  })

const broken = (document: string, at: number, source: string): FormatError =>
  new FormatError(`${source}: damaged XML at '${document.slice(at, at + 40)}'`)
