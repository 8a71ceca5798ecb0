// What the page does: reads the text, analyses it, puts the picture and the tables under it.
import { GalvaniError } from 'galvani'
import { openGpu } from 'galvani/browser'
import { fileNames, memorySource, pictureFile, readRecording, tableFiles } from 'galvani/files'
import { analyse } from 'galvani/recordings'

const form = document.querySelector('form')
const { file, text, rate } = form.elements
const [says, figure, files] = ['output', 'figure', '#files'].map((one) => document.querySelector(one))

// One device for the life of the page; a browser without WebGPU gets the same from float64 on the CPU, in more time.
const device = openGpu().catch(() => 'cpu')

file.addEventListener('change', async () => {
  text.value = (await file.files[0]?.text()) ?? ''
  if (text.value !== '') form.requestSubmit()
})

text.addEventListener('input', () => {
  file.value = '' // what is typed is no longer that file
})

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  says.textContent = 'Decomposing …'
  figure.hidden = true
  files.replaceChildren()
  try {
    await decompose(file.files[0]?.name ?? 'recording.csv')
  } catch (error) {
    says.textContent = error.message // one sentence that says where and what to do
  }
})

async function decompose(name) {
  const options = rate.value === '' ? {} : { sampleRate: Number(rate.value) }
  const recording = await readRecording(memorySource(name, text.value), options)
  const [analysis] = await analyse(await device, [recording], { gaps: 'split' })
  if (analysis instanceof GalvaniError) throw analysis

  const { status, device: by, features, unit, warnings } = analysis
  const facts = `level ${features.EDA_Tonic_Mean.toPrecision(3)} ${unit}, ${features.SCR_Peaks_N} responses`
  says.textContent = [`${status} on the ${by.toUpperCase()}: ${facts}`, ...warnings].join('\n')

  const title = name.replace(/\.[^.]*$/, '')
  const { tables, picture } = fileNames(title, 'csv')
  const svg = pictureFile(title, analysis)
  figure.replaceChildren(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement)
  figure.hidden = false
  const contents = tableFiles(analysis, 'csv')
  files.replaceChildren(
    ...tables.map((table, i) => link(table, [...contents[i]], 'text/csv')),
    link(picture, [svg], 'image/svg+xml'),
  )
}

function link(name, content, type) {
  const a = document.createElement('a')
  a.href = URL.createObjectURL(new Blob(content, { type }))
  a.download = name
  a.textContent = name
  return a
}
