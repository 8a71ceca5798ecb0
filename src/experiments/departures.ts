// Where the settings that all rows share are not the paper's.
import type { RunConfig } from '../train/config.ts'
import { presets } from '../model/config.ts'
import { resolveRun, type RunSettings } from '../train/defaults.ts'
import type { Collected } from './collected.ts'
import { protocolSettings } from './protocols.ts'
import { factsOf, type Study } from './study.ts'

/** Settings that say nothing of how well a model is trained. */
const ASIDE = new Set(['seed', 'foldSeed', 'dimension', 'classes', 'music_dim'])

/** What `shared` and the prepared length make of the paper's own protocol, setting by setting. */
export function departuresOf(shared: RunSettings, studies: readonly Study[]): Collected['departures'] {
  const [study] = studies
  if (!study) return []
  const paper = protocolSettings('paper', study.kind)
  const facts = factsOf(study)
  const own = flat(resolveRun(paper, { ...facts, length: presets.paper.length, dropSeconds: 3 }))
  const model = { ...paper.model, ...shared.model }
  const here = flat(resolveRun({ ...paper, ...shared, model }, facts))
  return [...new Set([...own.keys(), ...here.keys()])].flatMap((setting) => {
    const [theirs, ours] = [own.get(setting) ?? 'none', here.get(setting) ?? 'none']
    return theirs === ours || ASIDE.has(setting) ? [] : [{ setting, paper: theirs, here: ours }]
  })
}

/** Each setting as a text, those of the network and the optimizer by their own names. */
function flat({ model, optimizer: { name: optimizer, ...of }, ...settings }: RunConfig): Map<string, string> {
  const entries = Object.entries({ ...settings, optimizer, ...of, ...model })
  return new Map(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
}
