import { it, expect } from 'vitest'
import { openGpu } from '../../src/runtime/node.ts'
import { NodeStore } from '../../src/store/node.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { verifyFixtures } from '../../src/verify/fixtures.ts'
import { verifyKernels } from '../../src/verify/kernels.ts'
it('cam', async () => {
  const gpu = await openGpu()
  const store = new NodeStore('/work/shared/fixtures')
  const index = JSON.parse(await store.readText('index.json'))
  const m = new MemoryStore()
  await m.write('index.json', JSON.stringify({ cases: index.cases.filter((c: any) => c.kind === 'cam') }))
  await m.write('models/cam_tiny_paper.safetensors', await store.read('models/cam_tiny_paper.safetensors'))
  console.log(await verifyFixtures(gpu, m, 'x'))
  await gpu.close()
}, 600000)
