/** Logs of other programs as rows: formats recognised by content, rows in batches, rejections by line and field. */
export { stemOf } from "./draws.ts";
export { type Format, formats, importers } from "./formats.ts";
export type {
  ImportContext,
  Importer,
  ImportOptions,
  InputHead,
  MappableField,
  Rejection,
} from "./importer.ts";
export { readHead } from "./input-head.ts";
export { type JsonShape, jsonRecords, jsonShapeOf } from "./json-records.ts";
export { type ReadRowsInput, readRows } from "./read-rows.ts";
export { discoverInputs, type RecogniseOptions, recogniseInput } from "./recognise.ts";
export { type StrictRecord, strictRecords, tableColumns } from "./strict-records.ts";
