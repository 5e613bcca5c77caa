/** Rows from Inspect's samples or their summaries, which hold the same fields where verdicts are concerned. */
import { crc32 } from "node:zlib";
import {
  InputError,
  type Outcome,
  type Provenance,
  type Response,
  type Row,
  type RowBase,
} from "../record/index.ts";
import { nameOf, partialScoreNote, promptHashOf, shown } from "./draws.ts";
import type { ImportContext } from "./importer.ts";
import type { InspectHeader } from "./inspect-header.ts";
import { inspectLikelihood } from "./inspect-likelihood.ts";
import { inspectVerdicts } from "./inspect-score.ts";
import { asRecord, fieldOf, type JsonRecord } from "./json-text.ts";
import { temperedNote } from "./server-part.ts";
import { temperingOf } from "./server-request.ts";

/** Longer inputs are shortened in summaries, so the problem's name identifies the prompt instead. */
const longestHashedInput = 900;

interface SampleKey {
  readonly base: RowBase;
  readonly draw: number;
  readonly key: string;
}

/** Makes the rows of one log. A sample is a draw: its epoch numbers it, and the run names the draws. */
export class InspectSamples {
  readonly #file: string;
  readonly #header: InspectHeader;
  readonly #drawSet: string;
  readonly #context: ImportContext;
  /** Samples read so far, by id and epoch, with a digest of their scores. */
  readonly #seen = new Map<string, number>();
  /** Verifiers met so far; a sample without scores is unscored by all of them. */
  readonly #verifiers = new Map<string, Set<string>>();
  #partial = false;
  #drawnNoted = false;
  readonly #withoutScores: { sample: SampleKey; reason: string }[] = [];

  constructor(input: { file: string; header: InspectHeader; drawSet: string; context: ImportContext }) {
    this.#file = input.file;
    this.#header = input.header;
    this.#drawSet = input.drawSet;
    this.#context = input.context;
  }

  /** Samples read so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** True if the sample with this name, `<id>_epoch_<n>`, was read. */
  has(name: string): boolean {
    return this.#seen.has(name);
  }

  /**
   * The sample's verdicts; none yet if it has no scores (see `unscored`) or was read before. A bad sample is rejected.
   * With `lastWins`, what was read first counts (read backwards) and another version is ignored.
   */
  outcomes(record: JsonRecord | undefined, place: Provenance, lastWins = false): Outcome[] {
    const sample = this.#keyOf(record, place);
    if (sample === undefined || record === undefined) return [];
    const scores = asRecord(fieldOf(record, "scores")) ?? {};
    const error = fieldOf(record, "error");
    const digest = crc32(JSON.stringify([scoreValues(scores), error === undefined || error === null]));
    const known = this.#seen.get(sample.key);
    if (known !== undefined) {
      if (known === digest || lastWins) return [];
      throw new InputError(
        `${this.#file}: the sample ${shown(sample.base.problem)}, epoch ${sample.draw + 1}, appears twice with different scores`,
      );
    }
    this.#seen.set(sample.key, digest);
    const failure = errorText(error);
    if (failure !== undefined || Object.keys(scores).length === 0) {
      const completed = fieldOf(record, "completed") !== false;
      const reason = failure ?? (completed ? "no score in the log" : "the sample was not completed");
      this.#withoutScores.push({ sample, reason });
      return [];
    }
    return this.#scored(sample, scores);
  }

  /** The samples without scores, unscored by every scorer of the log. To be called once all samples were read. */
  unscored(): Outcome[] {
    const named = [...this.#verifiers.values()].flatMap((names) => [...names]);
    const verifiers =
      named.length > 0 ? named : this.#header.scorers.length > 0 ? this.#header.scorers : ["none"];
    return this.#withoutScores.flatMap(({ sample, reason }) =>
      verifiers.map((verifier) => this.#outcome(sample, verifier, { verdict: "unscored", reason })),
    );
  }

  /** The response of a whole sample (a summary has none), where texts are asked for, and its likelihood if it has one. */
  response(record: JsonRecord | undefined, place: Provenance): Row[] {
    const { texts } = this.#context.options;
    if (!texts && !hasLogProbabilities(record)) return [];
    const sample = this.#keyOf(record, place);
    if (sample === undefined || record === undefined) return [];
    const output = asRecord(fieldOf(record, "output"));
    const choices = fieldOf(output, "choices");
    const choice = asRecord(Array.isArray(choices) ? choices[0] : undefined);
    const completion = fieldOf(output, "completion");
    const text = contentText(fieldOf(asRecord(fieldOf(choice, "message")), "content")) ?? completion;
    if (typeof text !== "string") return [];
    const row = { base: sample.base, drawSet: this.#drawSet, draw: sample.draw };
    const likelihood = inspectLikelihood(
      { ...row, record, text },
      { header: this.#header, context: this.#context },
    );
    if (likelihood !== undefined && !this.#drawnNoted) this.#noteDrawn();
    const likelihoods = likelihood === undefined ? [] : [likelihood];
    if (!texts) return likelihoods;
    const tokens = fieldOf(asRecord(fieldOf(output, "usage")), "output_tokens");
    const prompt = inputText(fieldOf(record, "input"));
    const target = targetText(fieldOf(record, "target"));
    const finishReason = fieldOf(choice, "stop_reason");
    const response: Response = {
      kind: "response",
      ...sample.base,
      drawSet: this.#drawSet,
      draw: sample.draw,
      role: "draw",
      ...(prompt !== undefined && { prompt }),
      text,
      ...(target !== undefined && { target }),
      ...(Number.isSafeInteger(tokens) && Number(tokens) >= 0 && { tokenCount: Number(tokens) }),
      ...(typeof finishReason === "string" && { finishReason }),
    };
    return [response, ...likelihoods];
  }

  #scored(sample: SampleKey, scores: JsonRecord): Outcome[] {
    const rows: Outcome[] = [];
    for (const [scorer, item] of Object.entries(scores)) {
      const score = asRecord(item);
      const value = score === undefined ? item : fieldOf(score, "value");
      const answer = fieldOf(score, "answer");
      for (const [verifier, verdict] of inspectVerdicts(scorer, value)) {
        const known = this.#verifiers.get(scorer);
        if (verdict.verdict === "incorrect" && verdict.score !== undefined) this.#notePartial();
        if (known === undefined) this.#verifiers.set(scorer, new Set([verifier]));
        else known.add(verifier);
        rows.push(
          this.#outcome(sample, verifier, { ...verdict, ...(typeof answer === "string" && { answer }) }),
        );
      }
    }
    return rows;
  }

  #noteDrawn(): void {
    this.#drawnNoted = true;
    const tempering = temperingOf(this.#header.bending);
    if (tempering === undefined || tempering === "") return;
    this.#context.note(`${this.#file}: ${temperedNote(tempering)}`);
  }

  #notePartial(): void {
    if (!this.#partial) this.#context.note(`${this.#file}: ${partialScoreNote}`);
    this.#partial = true;
  }

  #outcome(
    sample: SampleKey,
    verifier: string,
    found: Pick<Outcome, "verdict" | "reason" | "score" | "answer">,
  ): Outcome {
    return { kind: "outcome", ...sample.base, drawSet: this.#drawSet, draw: sample.draw, ...found, verifier };
  }

  #keyOf(record: JsonRecord | undefined, place: Provenance): SampleKey | undefined {
    const { model, task, sampling, samplingHash } = this.#header;
    if (record === undefined) {
      this.#context.reject({ ...place, reason: "the sample is not a JSON object" });
      return undefined;
    }
    const problem = nameOf(fieldOf(record, "id"));
    if (problem === undefined) {
      this.#context.reject({ ...place, field: "id", reason: `not a name: ${shown(fieldOf(record, "id"))}` });
      return undefined;
    }
    const epoch = fieldOf(record, "epoch") ?? 1;
    if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || epoch < 1) {
      this.#context.reject({
        ...place,
        field: "epoch",
        reason: `not an integer of at least 1: ${shown(epoch)}`,
      });
      return undefined;
    }
    const input = fieldOf(record, "input");
    const short = typeof input === "string" && input.length <= longestHashedInput;
    const prompt = short && !input.startsWith("attachment://") ? input : undefined;
    const promptHash = promptHashOf({ prompt, task, problem });
    const base = { model, task, problem, promptHash, sampling, samplingHash, source: place };
    return { base, draw: epoch - 1, key: `${problem}_epoch_${epoch}` };
  }
}

/** True where the first choice has log-probabilities, which most samples have not. */
function hasLogProbabilities(record: JsonRecord | undefined): boolean {
  const choices = fieldOf(asRecord(fieldOf(record, "output")), "choices");
  return Array.isArray(choices) && asRecord(fieldOf(asRecord(choices[0]), "logprobs")) !== undefined;
}

function scoreValues(scores: JsonRecord): unknown[] {
  return Object.entries(scores).map(([scorer, item]) => {
    const score = asRecord(item);
    return [scorer, score === undefined ? item : (fieldOf(score, "value") ?? null)];
  });
}

function errorText(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const message = typeof error === "string" ? error : fieldOf(asRecord(error), "message");
  return `the sample failed: ${typeof message === "string" ? message.slice(0, 200) : "unknown error"}`;
}

/** A message's content: a text, or a list of parts of which the texts are joined. */
function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content
    .map((part) => fieldOf(asRecord(part), "text"))
    .filter((text) => typeof text === "string");
  return texts.length > 0 ? texts.join("\n") : undefined;
}

function inputText(input: unknown): string | undefined {
  if (typeof input === "string") return input;
  if (!Array.isArray(input)) return undefined;
  const texts = input.map((message) => contentText(fieldOf(asRecord(message), "content")) ?? "");
  return texts.length > 0 ? texts.join("\n\n") : undefined;
}

function targetText(target: unknown): string | undefined {
  if (typeof target === "string") return target;
  if (!Array.isArray(target) || target.length === 0) return undefined;
  return target.length === 1 && typeof target[0] === "string" ? target[0] : JSON.stringify(target);
}
