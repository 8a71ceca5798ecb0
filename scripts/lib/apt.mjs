// APT's sources: what they name, and the backports entry that this machine's own mirror would have.

/**
 * @typedef {{ path: string, text: string }} File  of /etc/apt; `.sources` is deb822, anything else one line an entry
 * @typedef {{ suites: string[], components: string[], extension: string, render: (suite: string) => string }} Source
 */

/**
 * The enabled binary-package sources of a file, in either format APT reads.
 *
 * @param {File} file
 * @returns {Source[]}
 */
export function parseSources({ path, text }) {
  return path.endsWith('.sources') ? parseDeb822(text) : parseLines(text)
}

const words = (value = '') => value.split(/\s+/).filter(Boolean)

/** Stanzas of `Name: value` fields; a line that starts with a blank continues its field (an embedded key does). */
function parseDeb822(text) {
  const stanzas = text
    .replace(/^#.*\n?/gm, '')
    .trim()
    .split(/\n\s*\n/)
  return stanzas.flatMap((stanza) => {
    const field = (name) => stanza.match(new RegExp(`^${name}:((?:.*)(?:\n[ \t].*)*)`, 'im'))?.[1]
    if (!words(field('Types')).includes('deb') || /^\s*(no|false|0)\s*$/i.test(field('Enabled') ?? '')) return []
    const render = (suite) => `${stanza.replace(/^Suites:.*(\n[ \t].*)*/im, `Suites: ${suite}`)}\n`
    return [{ suites: words(field('Suites')), components: words(field('Components')), extension: '.sources', render }]
  })
}

function parseLines(text) {
  return [...text.matchAll(/^\s*deb\s+(?:(\[[^\]]*\])\s+)?(\S+)\s+(\S+)((?:[ \t]+[^\s#]+)*)/gm)].map(
    ([, options, uri, suite, components]) => ({
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
 * @param {File[]} files
 * @param {string} codename
 * @returns {{ name: string, text: string } | undefined}  undefined when they are there, or no source has the release
 */
export function backportsSource(files, codename) {
  const suite = `${codename}-backports`
  const sources = files.flatMap(parseSources)
  if (sources.some(({ suites }) => suites.includes(suite))) return undefined
  const release = sources.find(({ suites, components }) => suites.includes(codename) && components.includes('main'))
  return release && { name: `galvani-${suite}${release.extension}`, text: release.render(suite) }
}

/**
 * The ID of /etc/os-release with those it is like, nearest first (ID_LIKE), and VERSION_CODENAME.
 *
 * @param {string} text
 */
export function parseOsRelease(text) {
  const field = (name) => text.match(new RegExp(`^${name}="?([^"\n]*)"?$`, 'm'))?.[1] ?? ''
  return { ids: [field('ID'), ...words(field('ID_LIKE'))], codename: field('VERSION_CODENAME') }
}
