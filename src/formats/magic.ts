// What a file is, by its first bytes: names lie, and an error about line 1 of a workbook helps nobody.
import { encodingOf } from './encoding.ts'

/** Of a file by its content. `text` is all that could be one; `binary` is what is neither known nor text. */
export type Kind =
  | 'text'
  | 'gzip'
  | 'zip'
  | 'edf'
  | 'bdf'
  | 'xdf'
  | 'avro'
  | 'npy'
  | 'npz'
  | 'excel'
  | 'xls'
  | 'opendocument'
  | 'word'
  | 'hdf5'
  | 'matlab'
  | 'acqknowledge'
  | 'gdf'
  | 'brainvision'
  | 'chart'
  | 'spss'
  | 'stata'
  | 'parquet'
  | 'arrow'
  | 'sqlite'
  | 'pickle'
  | 'r'
  | 'pdf'
  | 'image'
  | 'html'
  | '7z'
  | 'rar'
  | 'bzip2'
  | 'xz'
  | 'zstd'
  | 'binary'

/** Bytes from the beginning that are enough for `kindOf`. */
export const HEAD_BYTES = 4096

/** Bytes as text of one letter each, or hexadecimal after `0x`; at an offset other than 0 where a number precedes them. */
const MAGIC: readonly (readonly [Kind, string, number?])[] = [
  ['gzip', '0x1f8b08'],
  ['zip', 'PK\x03\x04'],
  ['zip', 'PK\x05\x06'],
  ['edf', '0       '],
  ['bdf', '0xff42494f53454d49'],
  ['xdf', 'XDF:'],
  ['avro', 'Obj\x01'],
  ['npy', '0x934e554d5059'],
  ['gdf', 'GDF '],
  ['brainvision', 'Brain Vision Data Exchange Header File'],
  ['brainvision', 'BrainVision Data Exchange Header File'],
  ['chart', 'CFWB'],
  ['xls', '0xd0cf11e0a1b11ae1'],
  ['hdf5', '0x894844460d0a1a0a'],
  // MATLAB 7.3 puts a page of its own before HDF5.
  ['hdf5', '0x894844460d0a1a0a', 512],
  ['matlab', 'MATLAB 5.0 MAT-file'],
  ['spss', '$FL2'],
  ['spss', '$FL3'],
  ['stata', '<stata_dta>'],
  ['parquet', 'PAR1'],
  ['arrow', 'ARROW1'],
  ['arrow', 'FEA1'],
  ['sqlite', 'SQLite format 3'],
  ['r', 'RDX2\n'],
  ['r', 'RDX3\n'],
  ['pdf', '%PDF-'],
  ['image', '0x89504e470d0a1a0a'],
  ['image', '0xffd8ff'],
  ['image', 'GIF8'],
  ['image', 'II*\x00'],
  ['image', 'MM\x00*'],
  ['7z', '0x377abcaf271c'],
  ['rar', 'Rar!'],
  ['bzip2', 'BZh'],
  ['xz', '0xfd377a585a00'],
  ['zstd', '0x28b52ffd'],
]

/** What a file is that begins with these bytes (`HEAD_BYTES` of them, or the whole file). */
export function kindOf(head: Uint8Array): Kind {
  const found = MAGIC.find(([, bytes, at = 0]) => startsWith(head.subarray(at), bytes))
  if (found) return found[0]
  if (isAcqKnowledge(head)) return 'acqknowledge'
  if (isOldStata(head)) return 'stata'
  if (isPickle(head)) return 'pickle'
  if (/^\s*<(!doctype html|html)/i.test(latin1(head.subarray(0, 200)))) return 'html'
  return encodingOf(head) === undefined ? 'binary' : 'text'
}

/** What an archive is, by the names of its files: office documents and NumPy's .npz are zip archives too. */
export function kindOfZip(names: readonly string[]): Kind {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name))
  if (has(/^\[Content_Types\]\.xml$/) && has(/^xl\//)) return 'excel'
  if (has(/^\[Content_Types\]\.xml$/)) return 'word'
  if (has(/^mimetype$/) && has(/^content\.xml$/)) return 'opendocument'
  if (names.length > 0 && names.every((name) => name.endsWith('.npy'))) return 'npz'
  return 'zip'
}

const pandas = (call: string): string => `in Python, pandas.${call}.to_csv('EDA.csv') writes a table that is read`
const packed = (name: string): string => `is packed by ${name}; unpack it first`

/** What such a file is, and what to do to have it read; the end of a sentence that begins with its name. */
const ADVICE: Readonly<Partial<Record<Kind, string>>> = {
  excel: 'is an Excel workbook; save its sheet as CSV (File, Save As, CSV UTF-8)',
  xls: 'is an Excel workbook of before 2007, or another old Office document; save its sheet as CSV (File, Save As, CSV UTF-8)',
  opendocument: 'is an OpenDocument file; save its sheet as CSV (File, Save As, Text CSV)',
  word: 'is an Office document that is no workbook; save its table as CSV or plain text',
  acqknowledge:
    "is AcqKnowledge's own format; in AcqKnowledge save it as text (File, Save As, Text), or convert it with the Python package bioread " +
    '(acq2txt FILE)',
  gdf: 'is a GDF file; convert it to EDF (save2gdf -f=EDF FILE OUT of the BioSig tools)',
  brainvision:
    'is the header of a BrainVision recording; export the recording as text or EDF from BrainVision Analyzer, or in Python by ' +
    "mne.io.read_raw_brainvision('FILE').export('EDA.edf')",
  chart: 'is a binary file of Chart; in LabChart save it as text (File, Export, Text)',
  hdf5:
    "is HDF5 (or MATLAB 7.3); in Python, numpy.savetxt('EDA.csv', h5py.File('FILE')['PATH'][:]) writes a list that is read with --rate; " +
    'OpenSignals and MATLAB (writetable) save text themselves',
  matlab:
    'is a MATLAB file; in MATLAB save the table with writetable, or in Python read it with scipy.io.loadmat and write CSV',
  spss: `is an SPSS file; ${pandas("read_spss('FILE')")}`,
  stata: `is a Stata file; ${pandas("read_stata('FILE')")}`,
  parquet: `is a Parquet file; ${pandas("read_parquet('FILE')")}`,
  arrow: `is an Arrow or Feather file; ${pandas("read_feather('FILE')")}`,
  sqlite: 'is an SQLite data base; export the table as CSV (sqlite3 -header -csv FILE "select * from TABLE")',
  pickle:
    'is a Python pickle, which may run programs when it is opened; in the Python that wrote it save CSV or a NumPy file',
  r: 'is an R file; in R, write.csv writes a table that is read',
  pdf: 'is a PDF document, not a recording; ask for the table behind it',
  image: 'is an image, not a recording; ask for the numbers behind it',
  html: 'is a web page, not a recording: the download may have asked for a log-in; download it again',
  '7z': packed('7-Zip'),
  rar: packed('RAR'),
  bzip2: packed('bzip2'),
  xz: packed('xz'),
  zstd: packed('Zstandard'),
  binary: 'is no text, and no binary format that is known here; export it as CSV from the program that wrote it',
}

/** The end of a sentence that begins with the file's name, for a kind that is not read; nothing for one that is. */
export const adviceFor = (kind: Kind): string | undefined => ADVICE[kind]

function startsWith(bytes: Uint8Array, magic: string): boolean {
  const expected = magic.startsWith('0x')
    ? magic
        .slice(2)
        .match(/../g)!
        .map((digits) => parseInt(digits, 16))
    : [...magic].map((letter) => letter.charCodeAt(0))
  return expected.every((byte, i) => bytes[i] === byte)
}

/**
 * Two bytes of a length, then the version of the file as four, in either order of bytes: 30 to 150 or so for AcqKnowledge 2.0 to 6
 * (as the notes of the Python package bioread have it). No text has three zeros in a row there.
 */
function isAcqKnowledge(head: Uint8Array): boolean {
  if (head.length < 256) return false
  const view = new DataView(head.buffer, head.byteOffset)
  return [true, false].some((littleEndian) => {
    const version = view.getInt32(2, littleEndian)
    return version >= 30 && version <= 200
  })
}

/** Release 113 to 115 (Stata 8 to 12), an order of bytes of 1 or 2, then 1 and 0. */
const isOldStata = (head: Uint8Array): boolean =>
  head[0]! >= 113 && head[0]! <= 115 && (head[1] === 1 || head[1] === 2) && head[2] === 1 && head[3] === 0

/** Protocols 2 to 5; the earlier ones are text. */
const isPickle = (head: Uint8Array): boolean => head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5

const latin1 = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes)
