// Where the settings that all rows share are not the paper's.
import { resolveRun, type RunSettings } from '../train/defaults.ts'
import { departures, type Departure } from '../train/paper_settings.ts'
import { protocolSettings } from './protocols.ts'
import { factsOf, type Study } from './study.ts'

/** What `shared` and the prepared data make of the paper's own protocol, setting by setting; rows decide whether there is music. */
export function departuresOf(shared: RunSettings, studies: readonly Study[]): Departure[] {
  const [study] = studies
  if (!study) return []
  const paper = protocolSettings('paper', study.kind)
  const here = resolveRun({ ...paper, ...shared, model: { ...paper.model, ...shared.model } }, factsOf(study))
  return departures(here).filter(({ setting }) => setting !== 'model.music_dim')
}
