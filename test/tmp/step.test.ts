import { test } from 'vitest'
import { openGpu } from '../../src/runtime/node.ts'
import { Plan } from '../../src/runtime/plan.ts'
import { Rtcan1d } from '../../src/model/rtcan1d.ts'
import { presets } from '../../src/model/config.ts'
import { initialise } from '../../src/model/init.ts'
import { optimizerStep } from '../../src/kernels/optimizer.ts'
test('step', async () => {
  const gpu = await openGpu()
  const B = Number(process.env.B ?? 8)
  const config = { ...presets.paper }
  const m = new Rtcan1d(gpu, config)
  m.weights.load(initialise(config, m.summary, 'he', 1), 'x')
  console.log('params', m.summary.parameterCount, 'GF', m.summary.flops / 1e9)
  const p = new Plan(gpu)
  const eda = p.input('eda', [B, 3, 2500]), music = p.input('music', [B, 6373]), t = p.input('t', [B, 2]), rate = p.input('rate', [4])
  const f = m.forward(p, { eda, music }, { training: true })
  const { loss, dlogits } = f.loss(t); p.output('loss', loss)
  f.backward(dlogits)
  const st = gpu.tensor(m.weights.parameters.flat.shape, 'f32', 'mom')
  optimizerStep(p, { name: 'sgd', momentum: 0.9, weightDecay: 0 }, { parameter: m.weights.parameters.flat, gradient: m.weights.gradients.flat, rate, state: [st] })
  let t0 = performance.now()
  await p.compile()
  console.log('compile', performance.now() - t0, 'dispatches', p.dispatchCount, gpu.memory())
  p.write('eda', Float32Array.from({ length: B * 7500 }, Math.random)); p.write('music', Float32Array.from({ length: B * 6373 }, Math.random))
  p.write('t', Float32Array.from({ length: B * 2 }, (_, i) => (i + (i >> 1)) % 2)); p.write('rate', [0.001, 0, 0, 0])
  for (let i = 0; i < 4; i++) { t0 = performance.now(); p.run(); await gpu.idle(); console.log('step', performance.now() - t0, await p.read('loss')) }
  // profile: cumulative per-dispatch by running each alone
  const enc: any[] = (p as any).encoded, ds: any[] = (p as any).dispatches
  const rows: [string, number][] = []
  for (let i = 0; i < enc.length; i++) {
    const e = gpu.device.createCommandEncoder(); const pass = e.beginComputePass()
    pass.setPipeline(enc[i].pipeline); pass.setBindGroup(0, enc[i].bindGroup); pass.dispatchWorkgroups(...(enc[i].groups as [number, number, number])); pass.end()
    t0 = performance.now(); gpu.submit(e.finish()); await gpu.idle(); rows.push([ds[i].label, performance.now() - t0])
  }
  rows.sort((a, b) => b[1] - a[1]); console.log(rows.slice(0, 30).map(([l, t]) => l + ' ' + t.toFixed(1)).join('\n')); console.log('sum', rows.reduce((s, r) => s + r[1], 0))
  await gpu.close()
}, 600000)
