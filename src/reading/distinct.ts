// Names that an option can tell apart.

/** Repeated names get their count, as repeated columns of a table do: `EDA`, `EDA.2`. */
export function distinct(names: readonly string[]): string[] {
  const times = new Map<string, number>()
  return names.map((name) => {
    const count = (times.get(name) ?? 0) + 1
    times.set(name, count)
    return count === 1 ? name : `${name}.${count}`
  })
}
