// Names of columns and channels, as far as their spelling does not matter.

/** Without accents, wide forms and the second code point of mu: `Conductance cutanée （μS）` as `Conductance cutanee (µS)`. */
export const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('\u03BC', 'µ')

/** `EDA_Left (µS)` as eda, left, µs; `SkinConductance` as skin, conductance. */
export const wordsOf = (name: string): string[] =>
  folded(name.replace(/((?![µ\u03BC])\p{Ll})(\p{Lu})/gu, '$1 $2'))
    .toLowerCase()
    .split(/[^\p{L}\p{N}µ]+/u)
    .filter((word) => word !== '')
