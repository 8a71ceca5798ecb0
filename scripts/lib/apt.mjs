// APT's sources: what they name, and the backports entry that this machine's own mirror would have.

/**
 * The enabled binary-package sources of a file of /etc/apt, in either format APT reads.
 *
 * @param {{ path: string, text: string }} file  `.sources` is deb822, anything else one line an entry
 * @returns {{ uris: string[], suites: string[], components: string[], render: (suite: string) => string, extension: string }[]}
 */
export function parseSources({ path, text }) {
  return path.endsWith('.sources') ? parseDeb822(text) : parseLines(text)
}

const words = (value = '') => value.split(/\s+/).filter(Boolean)

function parseDeb822(text) {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)
  return stanzas.map(fieldsOf).filter(isEnabledBinary).map((fields) => ({
    uris: words(fields.get('uris')),
    suites: words(fields.get('suites')),
    components: words(fields.get('components')),
    extension: '.sources',
    render: (suite) => [...fields].map(([name, value]) => `${title(name)}: ${name === 'suites' ? suite : value}\n`).join(''),
  }))
}

/** Fields of a stanza by lower-case name; a line that starts with a blank continues the field before (an embedded key does). */
function fieldsOf(stanza) {
  const fields = new Map()
  for (const field of stanza.trim().split(/\n(?=\S)/)) {
    const colon = field.indexOf(':')
    if (colon > 0) fields.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim())
  }
  return fields
}

const title = (name) => name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase())

const isEnabledBinary = (fields) => words(fields.get('types')).includes('deb') && !/^(no|false|0)$/i.test(fields.get('enabled') ?? '')

function parseLines(text) {
  return [...text.matchAll(/^\s*deb\s+(?:(\[[^\]]*\])\s+)?(\S+)\s+(\S+)((?:[ \t]+[^\s#]+)*)/gm)].map(
    ([, options, uri, suite, components]) => ({
      uris: [uri],
      suites: [suite],
      components: words(components),
      extension: '.list',
      render: (other) => `${['deb', options, uri, other, ...words(components)].filter(Boolean).join(' ')}\n`,
    }),
  )
}

/**
 * The entry that adds a release's backports from the mirror, and under the key, of the release itself.
 *
 * @returns {{ name: string, text: string } | undefined}  undefined when backports are there already, or no source has the release
 */
export function backportsSource(files, codename) {
  const suite = `${codename}-backports`
  const sources = files.flatMap(parseSources)
  if (sources.some(({ suites }) => suites.includes(suite))) return undefined
  const release = sources.find(({ suites, components }) => suites.includes(codename) && components.includes('main'))
  return release && { name: `galvani-${suite}${release.extension}`, text: release.render(suite) }
}

/** ID and VERSION_CODENAME of /etc/os-release. */
export function parseOsRelease(text) {
  const field = (name) => text.match(new RegExp(`^${name}="?([^"\n]*)"?$`, 'm'))?.[1] ?? ''
  return { id: field('ID'), codename: field('VERSION_CODENAME') }
}
