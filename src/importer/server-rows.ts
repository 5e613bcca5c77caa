/**
 * From exchanges with a completion server to rows: responses that the model drew are draws with their log-probabilities;
 * texts given to it for scoring are data, or another model's draws where the dump names it.
 */
import { crc32 } from "node:zlib";
import { checkpointName, type Row, type RowBase } from "../record/index.ts";
import { DrawNumbers, drawnText, nameOf, outcomeRow } from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import { fieldOf, type JsonRecord } from "./json-text.ts";
import { serverParts } from "./server-answer.ts";
import { ExchangeBases } from "./server-base.ts";
import { type ServerPart, temperedNote } from "./server-part.ts";
import { exchangeSampling, type ServerExchange, temperingOf } from "./server-request.ts";
import type { TokenPart } from "./server-tokens.ts";

const targetNames = ["target", "ground_truth", "gt_answer", "reference_answer", "gold_answer", "answer"];

/** Makes the rows of one dump, an exchange at a time. */
export class ExchangeRows {
  readonly #path: string;
  readonly #context: ImportContext;
  readonly #drawSet: string;
  readonly #bases: ExchangeBases;
  readonly #draws = new DrawNumbers();
  /** Log-probabilities of given texts: servers do not repeat them to the last digit. */
  readonly #given = new Map<string, number>();

  constructor(input: { path: string; context: ImportContext; drawSet: string }) {
    this.#path = input.path;
    this.#context = input.context;
    this.#drawSet = input.drawSet;
    this.#bases = new ExchangeBases(input);
  }

  append(rows: Row[], exchange: ServerExchange, line: number): void {
    const settings = exchangeSampling(exchange);
    const { parts, errors } = serverParts(exchange, settings);
    for (const { field, message } of errors) {
      this.#context.reject({ file: this.#path, line, field, reason: message });
    }
    if (parts.length === 0 && errors.length === 0) {
      this.#context.reject({
        file: this.#path,
        line,
        reason: "the answer holds neither a text nor log-probabilities",
      });
    }
    for (const part of parts) {
      const base = this.#bases.of({ exchange, settings, part, line });
      if (part.kind === "given") this.#appendGiven(rows, { base, part, exchange, line });
      else this.#appendDraw(rows, { base, part, exchange });
    }
  }

  #appendGiven(
    rows: Row[],
    input: { base: RowBase; part: ServerPart; exchange: ServerExchange; line: number },
  ): void {
    const { base, part, exchange, line } = input;
    const { tokens, text } = part;
    if (tokens === undefined) return;
    if (part.whole) {
      this.#bases.note(
        "nothing tells where prompts end: whole texts are scored, as data" +
          (tokens.unscored > 0 ? ", without their first token, which has no log-probability" : ""),
      );
    }
    const drawnBy = exchange.wrapper === exchange.response ? undefined : drawerOf(exchange.wrapper);
    const draw = drawnBy === undefined ? crc32(text ?? "") : this.#drawBy(drawnBy, base, exchange.wrapper);
    if (drawnBy === undefined && this.#wasScored(base, { draw, tokens, line })) return;
    const first = part.whole && tokens.unscored > 0 ? ", without the first token" : "";
    const row = {
      ...base,
      drawSet: "",
      draw,
      role: drawnBy === undefined ? ("data" as const) : ("draw" as const),
    };
    rows.push({
      kind: "likelihood",
      ...row,
      ...(drawnBy !== undefined && { drawnBy }),
      logProbability: tokens.logProbability,
      tokenLogProbabilities: tokens.tokenLogProbabilities,
      ...(tokens.texts !== undefined && { tokens: tokens.texts }),
      tokenCount: tokens.tokenLogProbabilities.length,
      method: part.method + (part.whole ? ", the whole text" : "") + first,
    });
    // The text of another model's draw is that model's response, not this one's.
    if (!this.#context.options.texts || text === undefined || drawnBy !== undefined) return;
    rows.push({
      kind: "response",
      ...row,
      ...(part.prompt !== undefined && { prompt: part.prompt }),
      text,
    });
  }

  /** The number of another model's draw: as the dump numbers it, else in order of appearance. */
  #drawBy(drawnBy: string, base: RowBase, wrapper: JsonRecord): number {
    const numbered = drawOf(wrapper);
    return numbered ?? this.#draws.take([keyOf(base), drawnBy].join("\u0000"));
  }

  /** A given text is numbered by its content: it is the same one under every model, whatever the order of dumps. */
  #wasScored(base: RowBase, given: { draw: number; tokens: TokenPart; line: number }): boolean {
    const { logProbability } = given.tokens;
    const key = `${keyOf(base)}\u0000${given.draw}`;
    const before = this.#given.get(key);
    if (before === undefined) {
      this.#given.set(key, logProbability);
      return false;
    }
    if (before === logProbability) {
      this.#context.drop("the same text scored again, alike", 1);
      return true;
    }
    const reason = `the same text was already scored by this model, as ${before} and now as ${logProbability}`;
    this.#context.reject({ file: this.#path, line: given.line, field: "logprobs", reason });
    return true;
  }

  #appendDraw(rows: Row[], input: { base: RowBase; part: ServerPart; exchange: ServerExchange }): void {
    const { base, part, exchange } = input;
    const { text, tokens } = part;
    const drawSet = this.#drawSet;
    const draw = this.#draws.take(keyOf(base));
    if (part.leftOut !== undefined) this.#context.drop(part.leftOut, 1);
    if (tokens !== undefined) {
      const tempering = temperingOf(base.sampling);
      if (tempering !== undefined && tempering !== "") {
        this.#bases.note(temperedNote(tempering));
      }
      rows.push({
        kind: "likelihood",
        ...base,
        drawSet,
        draw,
        role: "draw",
        drawnBy: checkpointName(base),
        logProbability: tokens.logProbability,
        tokenLogProbabilities: tokens.tokenLogProbabilities,
        ...(tokens.texts !== undefined && { tokens: tokens.texts }),
        tokenCount: tokens.tokenLogProbabilities.length,
        method: part.method,
      });
    }
    if (text === undefined) return;
    // Without log-probabilities the response is all there is: a draw that waits for a verdict.
    if (tokens === undefined) {
      const verdict = { verdict: "unscored", reason: "no verdict in the log", verifier: "none" } as const;
      rows.push(outcomeRow(base, { drawSet, draw, ...verdict, fingerprint: crc32(text) }));
    }
    if (!this.#context.options.texts) return;
    const { request, response, wrapper } = exchange;
    const target =
      wrapper === response
        ? undefined
        : targetNames.map((name) => nameOf(fieldOf(wrapper, name))).find((name) => name !== undefined);
    const seed = fieldOf(request, "seed");
    const { prompt, tokenCount, finishReason } = part;
    rows.push(
      drawnText(base, {
        ...{ drawSet, draw, prompt, text, target, tokenCount, finishReason },
        seed: typeof seed === "number" && Number.isFinite(seed) ? seed : undefined,
      }),
    );
  }
}

function keyOf(base: RowBase): string {
  const { model, step, task, samplingHash, problem, promptHash } = base;
  return [model, step ?? "", task, samplingHash, problem, promptHash].join("\u0000");
}

function drawerOf(wrapper: JsonRecord): string | undefined {
  return nameOf(fieldOf(wrapper, "drawn_by")) ?? nameOf(fieldOf(wrapper, "sampler"));
}

function drawOf(wrapper: JsonRecord): number | undefined {
  const draw = fieldOf(wrapper, "draw") ?? fieldOf(wrapper, "sample_idx") ?? fieldOf(wrapper, "sample_id");
  return typeof draw === "number" && Number.isSafeInteger(draw) && draw >= 0 ? draw : undefined;
}
