// Which maps are drawn, and what people call them.
import type { Maps } from '../map_array.ts'

/** Names of maps over the time of the signals, in the order of pictures; those of one row are no map of single signals. */
const NAMES: Readonly<Record<string, string>> = {
  sca_grad_cam: 'Grad-CAM of SCA',
  sca_guided_grad_cam: 'Guided Grad-CAM of SCA',
  rnta_grad_cam: 'Grad-CAM of RNTA',
  rnta_guided_grad_cam: 'Guided Grad-CAM of RNTA',
  gradient: 'Gradient',
  guided_gradient: 'Guided gradient',
  integrated_gradients: 'Integrated gradients',
}

/** Drawn as columns and strips; gradients are parts of these. */
const DRAWN = [
  ...['sca_grad_cam', 'sca_guided_grad_cam', 'rnta_grad_cam', 'rnta_guided_grad_cam'],
  'integrated_gradients',
] as const
/** Of a network without attention and without steps of integrated gradients. */
const OTHERWISE = 'gradient'

export const mapName = (name: string): string => NAMES[name] ?? name

/** What is drawn of a trial, by the names that there are. */
export function drawnMaps(maps: Readonly<Maps>): string[] {
  const found = DRAWN.filter((name) => maps[name])
  return found.length > 0 ? found : [OTHERWISE]
}

/** Those that tell one signal from another. */
export const signalMaps = (maps: Readonly<Maps>): string[] =>
  drawnMaps(maps).filter((name) => maps[name]!.shape.length === 2)
