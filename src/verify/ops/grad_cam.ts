import { gradCam, scaleByMap, stretchMap } from '../../kernels/grad_cam.ts'
import { gradCam as twin, scaleByMap as scaledTwin, stretchMap as stretchedTwin } from '../../reference/grad_cam.ts'
import { extent } from '../../runtime/shape.ts'
import type { OpContext } from '../op_context.ts'
import type { CaseShape, OpCase, OpRecord } from '../op_record.ts'

/** Feature maps of one length, signals of another. */
const mapOf = (feature: CaseShape, signals: CaseShape): OpCase => ({
  attrs: {},
  inputs: { feature, feature_grad: feature, x: signals },
})

function record(c: OpContext): void {
  const { alpha, map } = gradCam(c.p, c.signal('feature'), c.signal('feature_grad'))
  const x = c.signal('x')
  c.plainResult('alpha', alpha)
  c.plainResult('cam', map)
  const wide = stretchMap(c.p, map, extent(x.shape, 1))
  c.plainResult('cam_up', wide)
  c.plainResult('cam_up_align_corners', stretchMap(c.p, map, extent(x.shape, 1), true))
  c.signalResult('y', scaleByMap(c.p, x, wide))
}

export const gradCamRecord: OpRecord = {
  op: 'grad_cam',
  cases: [
    mapOf([2, 7, 37], [2, 3, 75]),
    mapOf([3, 66, 5], [3, 1, 9]),
    mapOf([1, 5, 1], [1, 3, 6]),
    mapOf([2, 4, 130], [2, 3, 1]),
    mapOf([2, 20, 300], [2, 5, 211]),
  ],
  run: { on: 'plan', record },
  twin(tensor) {
    const { alpha, map } = twin(tensor('feature'), tensor('feature_grad'))
    const length = tensor('x').shape[2]!
    const wide = stretchedTwin(map, length)
    return {
      ...{ alpha, cam: map, cam_up: wide, cam_up_align_corners: stretchedTwin(map, length, true) },
      y: scaledTwin(tensor('x'), wide),
    }
  },
}
