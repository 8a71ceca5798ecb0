import { openGpu } from '../src/runtime/node.ts'
import { verifyFixtures } from '../src/verify/fixtures.ts'
import { NodeStore } from '../src/store/node.ts'
import { mkdtempSync, readFileSync, writeFileSync, symlinkSync } from 'node:fs'
const src='/work/shared/fixtures'
const d=mkdtempSync('/tmp/fx-')
const i=JSON.parse(readFileSync(src+'/index.json','utf8')); i.cases=i.cases.filter((c:any)=>c.kind==='model'||c.kind==='train')
writeFileSync(d+'/index.json',JSON.stringify(i)); symlinkSync(src+'/models',d+'/models')
const gpu=await openGpu()
if(process.argv[2]==='reg') for(const k of ['conv1d','conv1d backward input','conv1d backward weight','attention','attention query side','attention key side']) gpu.variants.set(k,'reg')
for(const r of await verifyFixtures(gpu,new NodeStore(d),d)) {const q=(r.error as number)/r.tolerance; if(r.status!=='passed'||q>0.3) console.log(r.name,r.status,r.tensor,(r.error as number).toPrecision(2),'ratio',q.toFixed(3))}
await gpu.close()
