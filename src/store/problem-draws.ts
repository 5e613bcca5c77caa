/** The draws of one problem with their texts, read from run folders by SQL: bounded memory whatever the runs hold. */
import type { Outcome, Row, Verdict } from "../record/index.ts";
import { type Connection, openDatabase, rowAppender, sqlText } from "./database.ts";
import { plainNumber, unitRowsOf } from "./row-parts.ts";
import { createTableSql, type TableName } from "./row-tables.ts";
import { finishedParts } from "./run-folder.ts";
import { UnitsSnapshot } from "./unit-segments.ts";

/** Whose draws are wanted, and by whom they were judged. */
export interface DrawGroup
  extends Pick<Outcome, "model" | "step" | "trainingTokens" | "samplingHash" | "verifier"> {
  /** Groups come in the order of their positions. */
  readonly position: number;
}

/** Which draws of a problem to give, and how much of each. */
export interface ProblemDrawsRequest {
  readonly runs: readonly { readonly folder: string; readonly groups: readonly DrawGroup[] }[];
  readonly task: string;
  /** The problem's name; one that ends in ` (prompt HASH)` may also stand for that prompt of the name before it. */
  readonly problem: string;
  /** True where the name is the beginning of a longer one. */
  readonly begins?: boolean;
  /** Draws of this position alone. */
  readonly position?: number;
  readonly verdict?: Verdict;
  /** Draws to pass over, and to give at most. */
  readonly from: number;
  readonly limit: number;
  /** Characters of a text and tokens of a response to give at most. */
  readonly longestText: number;
  readonly mostTokens: number;
}

/** A draw that has a text, with its verdict. */
export interface ProblemDraw extends Pick<Outcome, "draw" | "verdict" | "reason" | "reward" | "answer"> {
  readonly position: number;
  readonly text: string;
  /** Characters beyond those given. */
  readonly cut: number;
  readonly finishReason?: string;
  /** Under the model that drew it, in nats. */
  readonly logProbability?: number;
  readonly tokenLogProbabilities?: readonly number[];
  /** Texts of all tokens; of longer responses none. */
  readonly tokens?: readonly string[];
}

/** Draws of one problem, with its prompt and reference answer where they are kept. */
export interface ProblemDraws {
  readonly prompt?: string;
  readonly promptCut: number;
  readonly target?: string;
  /** Draws with a text that fit the request, of which `draws` are some. */
  readonly total: number;
  readonly draws: readonly ProblemDraw[];
}

/**
 * Draws of a problem by position, draw set and draw; undefined where none of the groups drew for a problem of that name.
 * Throws InputError where a run's journal names a part that is missing.
 */
export async function problemDraws(request: ProblemDrawsRequest): Promise<ProblemDraws | undefined> {
  const { connection, close } = await openDatabase();
  try {
    const sources: Record<DrawTable, string[]> = { outcomes: [], responses: [], likelihoods: [] };
    for (const [run, { folder }] of request.runs.entries()) {
      await addSources(connection, { folder, run, request, sources });
    }
    await makeGroups(connection, request);
    return await selected(connection, request, sources);
  } finally {
    close();
  }
}

const drawTables = ["outcomes", "responses", "likelihoods"] as const satisfies readonly TableName[];
type DrawTable = (typeof drawTables)[number];

/** The run's rows as queries: its Parquet parts, and a table of those that are in no part yet. */
async function addSources(
  connection: Connection,
  given: {
    readonly folder: string;
    readonly run: number;
    readonly request: ProblemDrawsRequest;
    readonly sources: Record<DrawTable, string[]>;
  },
): Promise<void> {
  const { folder, run, request, sources } = given;
  const units = await UnitsSnapshot.open(folder);
  try {
    const appendRows = await rowAppender(connection);
    for (const table of drawTables) {
      await connection.run(createTableSql(table));
      for await (const rows of unitRowsOf(folder, { table, units })) {
        const own = rows.filter((row) => isOf(row, request));
        if (own.length > 0) await appendRows(table, own);
      }
      await connection.run(`ALTER TABLE ${table} RENAME TO ${table}_${run}`);
      sources[table].push(`SELECT ${run} AS run, * FROM ${table}_${run}`);
      const parts = await finishedParts(folder, table, units);
      if (parts.length === 0) continue;
      const files = parts.map(sqlText).join(", ");
      sources[table].push(`SELECT ${run} AS run, * FROM read_parquet([${files}], union_by_name = true)`);
    }
  } finally {
    await units.close();
  }
}

async function makeGroups(connection: Connection, { runs }: ProblemDrawsRequest): Promise<void> {
  await connection.run(
    "CREATE TABLE groups (run INTEGER, position INTEGER, model VARCHAR, step DOUBLE, training_tokens DOUBLE, sampling_hash VARCHAR, verifier VARCHAR)",
  );
  for (const [run, { groups }] of runs.entries()) {
    for (const { position, model, step, trainingTokens, samplingHash, verifier } of groups) {
      await connection.run("INSERT INTO groups VALUES ($1, $2, $3, $4, $5, $6, $7)", [
        run,
        position,
        model,
        step ?? null,
        trainingTokens ?? null,
        samplingHash,
        verifier,
      ]);
    }
  }
}

/** What tells draws apart; the nullable ones are compared as such. */
const drawKeys = "run model step training_tokens prompt_hash sampling_hash draw_set draw".split(" ");
const sameDraw = (left: string, right: string) =>
  drawKeys.map((key) => `${left}.${key} IS NOT DISTINCT FROM ${right}.${key}`).join(" AND ");

/**
 * Whether a score is of the draw's own text: another model's draw of the same number, scored by this one, has another. Where
 * the verdict does not tell its text, the score tells who drew.
 */
const sameText = (judged: string, scored: string) =>
  `coalesce(${judged}.fingerprint = ${scored}.fingerprint, ${scored}.drawn_by IN (${scored}.model,
    ${scored}.model || coalesce(', step ' || CAST(${scored}.step AS BIGINT), ', ' || CAST(${scored}.training_tokens AS BIGINT) || ' tokens', '')), true)`;

async function selected(
  connection: Connection,
  request: ProblemDrawsRequest,
  sources: Readonly<Record<DrawTable, readonly string[]>>,
): Promise<ProblemDraws | undefined> {
  const { position, verdict } = request;
  const [from, limit, most, tokens] = [
    request.from,
    request.limit,
    request.longestText,
    request.mostTokens,
  ].map(Math.trunc);
  const { condition, names } = namedProblem(request);
  const rowsOf = (table: DrawTable) =>
    `SELECT * FROM (${sources[table].join(" UNION ALL BY NAME ")}) WHERE ${condition}`;
  await connection.run(
    `CREATE TABLE judged AS
    SELECT DISTINCT ON (groups.position, ${drawKeys.map((key) => `o.${key}`).join(", ")}) o.*, groups.position
    FROM (${rowsOf("outcomes")}) o
    JOIN groups ON o.run = groups.run AND o.model = groups.model AND o.step IS NOT DISTINCT FROM groups.step
      AND o.training_tokens IS NOT DISTINCT FROM groups.training_tokens
      AND o.sampling_hash = groups.sampling_hash AND o.verifier = groups.verifier`,
    names,
  );
  const rows = async (sql: string, values: Record<string, string | boolean> = {}) =>
    (await connection.runAndReadAll(sql, values)).getRowObjectsJS().map(plain);
  const [known] = await rows("SELECT count(*) AS draws FROM judged");
  if (known?.draws === 0) return undefined;
  const drawn = `SELECT * FROM (${rowsOf("responses")}) WHERE role = 'draw'`;
  const [asked] = await rows(
    `SELECT left(any_value(prompt), ${most}) AS prompt, greatest(0, length(any_value(prompt)) - ${most}) AS cut,
      left(any_value(target), ${most}) AS target
    FROM (${drawn})`,
    names,
  );
  // Texts come in only once it is known which are given.
  await connection.run(
    `CREATE TABLE told AS SELECT * FROM judged j
    WHERE EXISTS (SELECT 1 FROM (${drawn}) r WHERE ${sameDraw("j", "r")})
      AND ${position === undefined ? "true" : `position = ${Math.trunc(position)}`}
      AND ${verdict === undefined ? "true" : `verdict = ${sqlText(verdict)}`}`,
    names,
  );
  const [counted] = await rows("SELECT count(*) AS total FROM told");
  await connection.run(
    `CREATE TABLE given AS SELECT * FROM told ORDER BY position, draw_set, draw
    LIMIT ${limit} OFFSET ${from}`,
  );
  const found = await rows(
    `SELECT DISTINCT ON (g.position, ${drawKeys.map((key) => `g.${key}`).join(", ")})
      g.position, g.draw, g.verdict, g.reason, g.reward, g.answer,
      left(r.text, ${most}) AS text, greatest(0, length(r.text) - ${most}) AS cut,
      r.finish_reason AS "finishReason", l.log_probability AS "logProbability",
      l.token_log_probabilities[:${tokens}] AS "tokenLogProbabilities",
      CASE WHEN len(l.tokens) <= ${tokens} THEN l.tokens END AS tokens
    FROM given g
    JOIN (${drawn}) r ON ${sameDraw("g", "r")}
    LEFT JOIN (SELECT * FROM (${rowsOf("likelihoods")}) WHERE role = 'draw') l
      ON ${sameDraw("g", "l")} AND ${sameText("g", "l")}
    ORDER BY g.position, g.draw_set, g.draw`,
    names,
  );
  return {
    ...(asked?.prompt !== undefined && { prompt: asked.prompt as string }),
    promptCut: (asked?.cut as number | undefined) ?? 0,
    ...(asked?.target !== undefined && { target: asked.target as string }),
    total: counted?.total as number,
    draws: found as unknown as ProblemDraw[],
  };
}

/** Which rows are of the problem, in SQL. A plain equation lets the database pass over most of a part. */
function namedProblem({ task, problem, begins }: ProblemDrawsRequest) {
  const { base, hash } = promptName(problem);
  const names = { task: wellFormed(task), problem: wellFormed(problem) };
  if (begins === true) return { condition: "task = $task AND starts_with(problem, $problem)", names };
  if (hash === "") return { condition: "task = $task AND problem = $problem", names };
  return {
    condition: "task = $task AND (problem = $problem OR (problem = $base AND prompt_hash = $hash))",
    names: { ...names, base: wellFormed(base), hash },
  };
}

/** Without what is not known. */
function plain(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, plainNumber(value)]])),
  );
}

function promptName(name: string): { base: string; hash: string } {
  const [, base = "", hash = ""] = /^(.*) \(prompt ([0-9a-f]{16})\)$/su.exec(name) ?? [];
  return { base, hash };
}

/** The same choice as in SQL, so that rows of other problems are not brought into the database. */
function isOf({ task, problem, promptHash }: Row, request: ProblemDrawsRequest): boolean {
  if (wellFormed(task) !== wellFormed(request.task)) return false;
  const [own, name] = [wellFormed(problem), wellFormed(request.problem)];
  const { base, hash } = promptName(name);
  if (request.begins === true) return own.startsWith(name);
  return own === name || (own === base && promptHash === hash);
}

/** As the database keeps it: it has no half of a surrogate pair. */
const wellFormed = (text: string) => text.replace(/[\ud800-\udfff]/gu, "\ufffd");
