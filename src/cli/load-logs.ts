/** From paths on the command line to counts: logs of any format and run folders, through one ledger. */
import { stat } from "node:fs/promises";
import {
  discoverInputs,
  type ImportOptions,
  type RecogniseOptions,
  readRows,
  recogniseInput,
} from "../importer/index.ts";
import { InputError, type Row, type StoppingRule } from "../record/index.ts";
import { countText, plural } from "../report/index.ts";
import {
  type CountGroup,
  failedUnits,
  isRunFolder,
  Ledger,
  type LikelihoodGroup,
  LikelihoodLedger,
  readJournal,
  readRun,
  readRunDescription,
  runCounts,
  type TableName,
} from "../store/index.ts";
import { type Verifier, verifierByName } from "../verifier/index.ts";
import { DistinctModels, type ModelOrigin } from "./distinct-models.ts";
import { modelsByFolder } from "./file-models.ts";
import { ImportTally } from "./import-tally.ts";
import { megabytes, progressLine } from "./progress.ts";
import { type Agreement, reScored } from "./re-score.ts";

export interface LoadOptions {
  readonly format?: string;
  readonly importOptions: Omit<ImportOptions, "texts">;
  /** Name of a verifier that re-scores the saved responses. */
  readonly verify?: string;
  readonly poolSampling: boolean;
  /** Keep the draws that have a reward, for Best-of-N. */
  readonly keepRewards?: boolean;
  /** Tells the paths apart, in their order: models of one name in several are then several models. */
  readonly names?: readonly string[];
  readonly observer?: RowObserver;
}

/** Sees all rows with their texts, outcomes of a run before their responses. */
export interface RowObserver {
  add(rows: readonly Row[]): void;
  /** Runs with more draws are counted and not read for their texts. */
  readonly mostDraws?: number;
}

export interface LoadedFile {
  readonly path: string;
  readonly importer: string;
  readonly rows: number;
}

export interface LoadedLogs {
  readonly groups: readonly CountGroup[];
  readonly tally: ImportTally;
  readonly files: readonly LoadedFile[];
  readonly agreement: Agreement | undefined;
  /** Name of the verifier that re-scored, as outcomes carry it. */
  readonly verifierName: string | undefined;
  /** Log-probabilities of responses, where the logs hold any. */
  readonly likelihoods: readonly LikelihoodGroup[];
  /** With `names`: in which input a model is, and under what name. */
  readonly originOf: (model: string) => ModelOrigin | undefined;
}

/** An input to read: a file with its importer, or a run folder. */
export interface Input {
  readonly path: string;
  /** The path that the user gave. */
  readonly given: string;
  readonly bytes: number;
  readonly run: boolean;
  /** Found in a folder, not named by the user: skipped with a rejection where it is unusable from the start. */
  readonly found: boolean;
}

/** The files and run folders behind paths given by the user, without repetition. */
export async function inputsOf(
  paths: readonly string[],
  tally: ImportTally,
  recognition: RecogniseOptions = {},
): Promise<Input[]> {
  const inputs = new Map<string, Input>();
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) throw new InputError(`${path}: no such file or folder`);
    if (found.isDirectory() && isRunFolder(path)) {
      inputs.set(path, { path, given: path, bytes: 0, run: true, found: false });
      continue;
    }
    for (const file of await discoverInputs(path, (message) => tally.note(message), recognition)) {
      const { size } = await stat(file);
      inputs.set(file, { path: file, given: path, bytes: size, run: false, found: found.isDirectory() });
    }
  }
  return [...inputs.values()];
}

/** What the user said about the format, as recognition takes it. */
export function recognitionOf(options: Pick<LoadOptions, "format" | "importOptions">): RecogniseOptions {
  return {
    ...(options.format !== undefined && { format: options.format }),
    map: options.importOptions.map,
  };
}

/** Reads everything into counts. Throws InputError where nothing usable is found or draws contradict each other. */
export async function loadLogs(paths: readonly string[], options: LoadOptions): Promise<LoadedLogs> {
  const tally = new ImportTally();
  const verifier = options.verify === undefined ? undefined : verifierByName(options.verify);
  const inputs = await inputsOf(paths, tally, recognitionOf(options));
  const ledger = new Ledger({
    poolSampling: options.poolSampling,
    keepRewards: options.keepRewards ?? false,
  });
  const likelihoods = new LikelihoodLedger();
  const agreement: Agreement | undefined = verifier && { compared: 0, agreed: 0 };
  const files: LoadedFile[] = [];
  const progress = progressLine({
    title: "reading",
    total: inputs.reduce((sum, input) => sum + input.bytes, 0),
    format: megabytes,
  });
  let finishedBytes = 0;
  const distinct = new DistinctModels();
  const named = (batch: readonly Row[], { given }: Input) => {
    const name = options.names?.[paths.indexOf(given)];
    return name === undefined ? batch : batch.map((row) => distinct.named(row, name));
  };
  // Draws of one run, or of models of their own, that are not looked at one by one can be counted by the database.
  const alone = inputs.length === 1 || options.names !== undefined;
  // Where the paths are told apart by names, so are their models.
  const fileModels = modelsByFolder(
    options.names === undefined ? inputs.filter(({ run }) => !run).map(({ path }) => path) : [],
  );
  const countsSuffice = alone && verifier === undefined;
  const importOptionsOf = ({ path }: Input) => {
    const fileModel = fileModels.get(path);
    return { ...options.importOptions, ...(fileModel !== undefined && { fileModel }) };
  };
  const loadInput = async (input: Input): Promise<LoadedFile | undefined> => {
    let rows = 0;
    try {
      const opened = input.run
        ? await openRun(input, { verifier, tally, countsSuffice, rewards: options.keepRewards ?? false })
        : await openFile(input, {
            options: { ...options, importOptions: importOptionsOf(input) },
            verifier,
            tally,
            onProgress: (bytes) => progress.update(finishedBytes + bytes),
          });
      for await (const read of opened.batches) {
        const batch = named(read, input);
        const judged = verifier && agreement ? reScored(batch, verifier, agreement) : batch;
        // Texts that only an observer asked for are no rows of the result.
        rows +=
          verifier === undefined ? batch.filter(({ kind }) => kind !== "response").length : batch.length;
        for (const row of batch) if (row.kind === "likelihood") likelihoods.add(row);
        if (!input.run || verifier !== undefined) options.observer?.add(judged);
        ledger.add(judged, opened.stopping);
      }
      return { path: input.path, importer: opened.importer, rows };
    } catch (error) {
      if (!skippable(input, rows, error)) throw error;
      tally.reject({ file: input.path, reason: (error as Error).message.replace(`${input.path}: `, "") });
      return undefined;
    }
  };
  for (const input of inputs) {
    const loaded = await loadInput(input);
    if (loaded !== undefined) files.push(loaded);
    finishedBytes += input.bytes;
  }
  progress.finish();
  const groups = ledger.groups();
  if (verifier === undefined) await observeRuns({ inputs, groups, observer: options.observer, named });
  return {
    groups,
    tally,
    files,
    agreement,
    verifierName: verifier?.name,
    likelihoods: likelihoods.groups(),
    originOf: (model) => distinct.originOf(model),
  };
}

async function observeRuns(request: {
  readonly inputs: readonly Input[];
  readonly groups: readonly CountGroup[];
  readonly observer: RowObserver | undefined;
  readonly named: (batch: readonly Row[], input: Input) => readonly Row[];
}): Promise<void> {
  const { inputs, groups, observer, named } = request;
  if (observer === undefined) return;
  const draws = groups
    .flatMap(({ problems }) => problems)
    .reduce((sum, { n, unscored }) => sum + n + unscored, 0);
  if (draws > (observer.mostDraws ?? draws)) return;
  for (const input of inputs) {
    if (!input.run) continue;
    const rows = readRun(input.path, { tables: ["outcomes", "responses", "likelihoods"] });
    for await (const batch of rows) observer.add(named(batch, input));
  }
}

/** True if a file met in a folder turned out unusable before it gave a row: the others can still be read. */
export function skippable(input: Input, rows: number, error: unknown): boolean {
  return input.found && rows === 0 && error instanceof InputError;
}

interface OpenedInput {
  readonly importer: string;
  readonly batches: AsyncIterable<readonly Row[]>;
  /** When sampling of a problem stopped, where a run decided it. */
  readonly stopping?: StoppingRule;
}

async function openRun(
  input: Input,
  request: { verifier: Verifier | undefined; tally: ImportTally; countsSuffice: boolean; rewards: boolean },
): Promise<OpenedInput> {
  for (const entry of await readJournal(input.path)) request.tally.merge(entry);
  noteFailedUnits(await failedUnits(input.path), request.tally);
  const { stopping } = await readRunDescription(input.path);
  const { countsSuffice, rewards } = request;
  const counted = countsSuffice ? await runCounts(input.path, { rewards }) : undefined;
  const tables: TableName[] = ["counts", "likelihoods"];
  if (counted === undefined) tables.unshift("outcomes");
  if (request.verifier !== undefined) tables.unshift("responses");
  const rest = readRun(input.path, { tables });
  const batches = (async function* () {
    if (counted !== undefined) yield counted;
    yield* rest;
  })();
  return { importer: "run", batches, ...(stopping !== undefined && { stopping }) };
}

/** Units that failed for good are draws that nobody knows: said, and never counted as wrong. */
function noteFailedUnits(failures: ReadonlyMap<string, number>, tally: ImportTally): void {
  const total = [...failures.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return;
  const kinds = [...failures].map(([kind, count]) => `${countText(count)} ${kind}`).join(", ");
  tally.note(
    `${plural(total, "request")} of this run failed for good (${kinds}) and count as unscored where they were to be judged; --retry-failed asks again.`,
  );
}

async function openFile(
  input: Input,
  request: {
    readonly options: LoadOptions;
    readonly verifier: Verifier | undefined;
    readonly tally: ImportTally;
    readonly onProgress: (bytes: number) => void;
  },
): Promise<OpenedInput> {
  const { options, verifier, tally, onProgress } = request;
  const importer = await recogniseInput(input.path, recognitionOf(options));
  const context = tally.context(
    { ...options.importOptions, texts: verifier !== undefined || options.observer !== undefined },
    onProgress,
  );
  return { importer: importer.name, batches: readRows(input.path, { importer, context }) };
}

/** Why logs without a single count are no use to a command on counts. */
export function withoutCounts(paths: readonly string[], loaded: LoadedLogs): InputError {
  if (loaded.likelihoods.length > 0) {
    return new InputError(
      `${paths.join(", ")}: holds log-probabilities and no verdicts or counts; see lmcov profile and lmcov select`,
    );
  }
  return nothingUsable(paths, loaded.tally);
}

/** Why logs without log-probabilities are no use to a command on likelihoods. */
export function withoutLikelihoods(paths: readonly string[], loaded: LoadedLogs): InputError {
  if (loaded.groups.length > 0) {
    return new InputError(
      `${paths.join(", ")}: holds verdicts or counts and no log-probabilities; see lmcov report, or map a column with --map logprob=…`,
    );
  }
  return nothingUsable(paths, loaded.tally);
}

function nothingUsable(paths: readonly string[], tally: ImportTally): InputError {
  const where = paths.join(", ");
  const first = tally.examples[0];
  if (first === undefined)
    return new InputError(`${where}: no row with a verdict, a count or a log-probability`);
  const place = first.line === undefined ? first.file : `${first.file}:${first.line}`;
  return new InputError(
    `${where}: no valid row; the first of ${tally.rejected} rejections is ${place}: ${first.reason}`,
  );
}
