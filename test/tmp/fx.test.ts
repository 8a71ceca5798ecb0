import { test } from 'vitest'
import { readFileSync } from 'node:fs'
import { openGpu } from '/work/main/src/runtime/node.ts'
import { runOp } from '/work/main/src/verify/ops.ts'
import { runModel, runTrace } from '/work/main/src/verify/models.ts'
import { judgeCase } from '/work/main/src/verify/compare.ts'
import { parseSafetensors } from '/work/main/src/formats/safetensors.ts'
const root = '/work/shared/fixtures/'
test('all', async () => {
  const index = JSON.parse(readFileSync(root + 'index.json', 'utf8'))
  const gpu = await openGpu()
  console.log(gpu.info)
  const kinds = (process.env.KINDS ?? 'op').split(',')
  const filt = process.env.FILTER ?? ''
  let pass = 0
  for (const c of index.cases) {
    if (!kinds.includes(c.kind) || !c.id.includes(filt)) continue
    const { tensors } = parseSafetensors(readFileSync(root + c.file), c.file)
    const t0 = performance.now()
    try {
      const out = c.kind === 'op' ? await runOp(gpu, c.op, c.attrs, tensors as any) : c.kind === 'model' ? await runModel(gpu, c.config, tensors as any, c.modes)
        : await runTrace(gpu, index.cases.find((m: any) => m.id === 'model/' + c.model).config, tensors as any, c.prefix, c.attrs)
      const j = judgeCase(c, tensors as any, out)
      if (j.ok) pass++
      console.log(j.ok ? 'ok  ' : 'FAIL', c.id, j.tensor, j.error, j.tolerance, (performance.now() - t0).toFixed(0) + 'ms')
      if (!j.ok) console.log([...j.tensors].filter(([, v]) => !v.ok).slice(0, 6))
    } catch (e) { console.log('ERR ', c.id, String(e).slice(0, 600)) }
  }
  console.log('passed', pass)
  await gpu.close()
}, 600000)
